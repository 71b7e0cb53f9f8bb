"""Leaves out of a serving process what Rasa imports but Waymark never runs.

Rasa imports TensorFlow wherever it starts (about 300 MB and half of the start), through four
helpers of its neural networks and the validator of a training; and the clients of a dozen chat
platforms, one of which even runs ``git``. ``config.yml`` needs none of them to serve, so they are
replaced by stand-ins that can be imported and named but refuse to be used. Training runs without
this module. Rasa's version is pinned and is the last of its line.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any, NoReturn

_NEURAL = (
    "rasa.utils.tensorflow.callback",
    "rasa.utils.tensorflow.data_generator",
    "rasa.utils.tensorflow.model_data",
    "rasa.utils.tensorflow.model_data_utils",
    "rasa.graph_components.validators.default_recipe_validator",
)
_CHANNELS = "rasa.core.channels"


class LeftOut(RuntimeError):
    """Something was asked for that this process was started without."""


def serve_only() -> None:
    """Put the stand-ins in place; call it before anything of ``rasa`` is imported.

    Raises LeftOut if TensorFlow or Rasa's channels are there already: that would be too late.
    """
    if "tensorflow" in sys.modules or _CHANNELS in sys.modules:
        raise LeftOut("TensorFlow or Rasa's channels were imported before they could be left out.")
    for name in _NEURAL:
        sys.modules[name] = _StandIn(name)
    # The package stays, so that its modules can be imported; only what it imports itself does not.
    spec = importlib.util.find_spec(_CHANNELS)
    if spec is None or spec.submodule_search_locations is None:
        raise LeftOut("Rasa is not installed.")
    channels = _StandIn(_CHANNELS)
    channels.__spec__ = spec
    channels.__path__ = list(spec.submodule_search_locations)
    sys.modules[_CHANNELS] = channels


class _StandIn(ModuleType):
    """A module whose public names are all classes that refuse to be made."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*_: object, **__: object) -> NoReturn:
            raise LeftOut(f"{self.__name__}.{name} is left out of a serving process.")

        return type(name, (), {"__new__": refuse})
