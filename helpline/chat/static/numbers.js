// Finds phone numbers in what the helpline says; numbers.py does the same on the server.

const NUMBER = new RegExp(
  "(?<![\\d+])(?:999|112|101|111|116 ?000|116 ?123|0800 ?1111|61016|85258|88247|82111" +
    "|0(?:[ -]?\\d){9,10})(?!\\d)", "g");
const TEXT_ONLY = new Set(["61016", "85258", "88247", "82111"]);
const TO_TEXT = /\btext\b[^.\d]{0,30}$/i;
const TO_CALL = /\b(?:call|ring|phone)\b[^.\d]{0,30}$/i;

/** Splits a text at its phone numbers: a list of {text, address}, address null for plain text. */
export function pieces(text) {
  const found = [];
  let at = 0;
  for (const match of text.matchAll(NUMBER)) {
    if (match.index > at) found.push({ text: text.slice(at, match.index), address: null });
    const digits = match[0].replace(/\D/g, "");
    const before = text.slice(0, match.index);
    const toText = TEXT_ONLY.has(digits) || (TO_TEXT.test(before) && !TO_CALL.test(before));
    found.push({ text: match[0], address: `${toText ? "sms" : "tel"}:${digits}` });
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push({ text: text.slice(at), address: null });
  return found;
}

/** A phone number as it is shown: no line may end within it. */
export const unbroken = (number) => number.replaceAll(" ", "\u00a0").replaceAll("-", "\u2011");
