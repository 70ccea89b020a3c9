"""Service and billing conversations, started by the customer, from greeting to goodbye.

Lives here: the order of steps and which opening a customer chooses. Not here: the steps themselves (steps.py).
"""

from aftercall.synth import steps
from aftercall.synth.scene import Scene

_ENDING_S = 42.0


def opening_of(scene: Scene) -> str:
    """Return how the customer opens: 'repeat', 'upset', 'vague' or 'calm'."""
    if scene.is_repeat and scene.chance(0.75):
        return "repeat"
    draw = scene.rng.random()
    return "upset" if draw < 0.34 else "vague" if draw < 0.58 else "calm"


def open_with(scene: Scene, opening: str) -> None:
    """Answer the customer's opening: trouble is acknowledged, a vague opening is asked about."""
    if opening == "vague":
        steps.ask_openly(scene, scene.book.trouble[scene.intent])
    elif opening == "repeat":
        steps.respond_to_trouble(scene, "repeat")
    elif opening == "upset":
        steps.respond_to_trouble(scene, scene.book.trouble[scene.intent])


def play(scene: Scene) -> None:
    """Play a whole conversation of queues service and billing into the scene."""
    opening = opening_of(scene)
    if scene.is_chat:
        scene.is_casual = scene.chance(0.35)
        if scene.chance(0.5):
            scene.system("system.queued" if scene.chance(0.3) else "system.joined")
    if scene.is_chat and scene.chance(0.35):
        scene.tell(f"{scene.intent}.open.{opening}")
        steps.greet(scene)
    else:
        steps.greet(scene)
        scene.tell(f"{scene.intent}.open.{opening}")
    open_with(scene, opening)
    steps.identify(scene)
    long = scene.room_s(_ENDING_S) > 20.0
    steps.details(scene, _ENDING_S + 24.0)
    if long or scene.talk_s > 110.0:
        steps.look_up(scene)
    if scene.hold_s > 0:
        steps.hold(scene)
    steps.settle(scene, 0.30)
    if scene.chance(0.8):
        steps.promise(scene)
    steps.end(scene)
