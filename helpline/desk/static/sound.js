// The desk's sounds, made here, and notifications of the system: neither ever quotes what was written.
import { find, problem } from './page.js';

// Sound: three short tones for danger, a soft one for all else, made here. A browser lets a page sound after a click or a key only
let audio = null;
let muted = false;
let sounded = 0;
const hearable = () => !muted && audio?.state === 'running';
const play = (notes, loud) => {
  if (!hearable() || Date.now() - sounded < 1500) return;
  sounded = Date.now();
  for (const [pitch, start] of notes) {
    const [source, volume] = [audio.createOscillator(), audio.createGain()];
    const at = audio.currentTime + start;
    source.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(loud, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.18);
    source.connect(volume).connect(audio.destination);
    source.start(at);
    source.stop(at + 0.2);
  }
};
export const tone = () => play([[880, 0], [660, 0.22], [880, 0.44]], 0.3);
export const soft = () => play([[520, 0]], 0.15);
const drawSound = () => {
  find('#sound').textContent = hearable() ? 'Sound: on' : 'Sound: off';
  find('#sound-off').hidden = hearable();
};
export const wakeSound = async () => {
  if (!audio) {
    audio = new AudioContext();
    audio.addEventListener('statechange', drawSound);
  }
  await audio.resume();
  drawSound();
};
const setSound = async (on) => {
  muted = !on;
  drawSound();
  if (!on) return;
  await wakeSound();
  testSound();
};
// Whoever says that they are here is asked whether they hear it, and may be told by the system too
const testSound = () => {
  sounded = 0;
  tone();
  if (!find('dialog[open]')) find('#sound-dialog').showModal();
  if ('Notification' in window && Notification.permission === 'default') Notification.requestPermission();
};
export const notify = (text) => {
  if (!document.hidden || !('Notification' in window) || Notification.permission !== 'granted') return;
  const shown = new Notification('Helpline desk', { body: text, tag: 'waymark-desk' });
  shown.addEventListener('click', () => { focus(); shown.close(); });
};
const gesture = (event) => {
  if (!muted && !hearable() && !event.target.closest('#sound, #sound-on')) wakeSound();
};
document.addEventListener('pointerup', gesture);
document.addEventListener('keydown', gesture);
find('#sound').addEventListener('click', () => setSound(!hearable()));
find('#sound-on').addEventListener('click', () => setSound(true));
find('#sound-again').addEventListener('click', () => { sounded = 0; tone(); });
find('#not-heard').addEventListener('click', () => problem('You will not hear when somebody is in danger. Turn the sound of this computer up, or keep this page in sight.'));
find('#presence').addEventListener('change', (event) => event.target.value === 'here' && setSound(true));
