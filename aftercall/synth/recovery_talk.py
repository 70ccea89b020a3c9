"""Collections conversations, mostly outbound: right person, disclosure, purpose, what the customer can do, ending.

Lives here: the order of steps in queue "collections", the prohibited threat and its near misses.
Not here: shared steps (steps.py).
"""

from aftercall.synth import steps
from aftercall.synth.scene import Scene
from aftercall.synth.service_talk import open_with, opening_of

_ENDING_S = 44.0


def play(scene: Scene) -> None:
    """Play a whole conversation of queue collections into the scene."""
    opening = _begin(scene)
    steps.identify(scene)
    _disclose(scene)
    if scene.is_outbound:
        scene.agent("purpose.say")
        opening = opening if opening in ("upset", "repeat") else "calm"
        scene.tell(f"{scene.intent}.story.upset" if opening == "upset" else f"{scene.intent}.story.calm")
        if opening == "upset":
            steps.respond_to_trouble(scene, scene.book.trouble[scene.intent])
    _near_miss(scene)
    steps.details(scene, _ENDING_S + 40.0)
    if scene.room_s(_ENDING_S) > 20.0:
        steps.look_up(scene)
    if scene.hold_s > 0:
        steps.hold(scene)
    _threaten_or_not(scene)
    _agree(scene)
    if scene.chance(0.8):
        steps.promise(scene)
    steps.end(scene)


def _begin(scene: Scene) -> str:
    """Open the contact: an outbound call asks for the right person first."""
    opening = opening_of(scene)
    if scene.is_outbound:
        scene.agent("opening.outbound" if scene.does("greeting") else "opening.outbound_bare")
        scene.customer("opening.outbound_reply")
        scene.act("greeting", "opening.greeting", None)
        scene.customer("opening.hello")
        steps.notice(scene, called_at=scene.last)
        return opening
    if scene.is_chat:
        scene.is_casual = scene.chance(0.35)
    steps.greet(scene)
    scene.tell(f"{scene.intent}.open.{opening}")
    open_with(scene, opening)
    return opening


def _disclose(scene: Scene) -> None:
    """Say who collects and why, once the right person is on the line."""
    if scene.act("collections_disclosure", "collections_disclosure", scene.last) and scene.chance(0.4):
        scene.customer("collections_disclosure.reply")


def _near_miss(scene: Scene) -> None:
    """Now and then the customer quotes a threat and the agent denies it: nobody has broken a rule."""
    if scene.chance(0.10):
        pairs = scene.book.pairs("prohibited_threat.near")
        scene.exchange(pairs[int(scene.rng.random() * len(pairs))], customer_first=True)


def _threaten_or_not(scene: Scene) -> None:
    """Plant the rare prohibited sentence; the rule applies to every collections contact."""
    if scene.does("prohibited_threat"):
        turn = scene.agent(f"prohibited_threat.{scene.wording('prohibited_threat')}")
        scene.mark("prohibited_threat", turn, None)
        scene.customer("prohibited_threat.reply")
    else:
        scene.mark("prohibited_threat", None, None)


def _agree(scene: Scene) -> None:
    """Come to an arrangement, take a payment or settle the dispute, by intent."""
    if scene.intent == "debt_dispute":
        steps.settle(scene, 0.35)
        return
    if scene.intent == "payment_arrangement":
        _offer(scene)
        if scene.is_resolved and scene.chance(0.25):
            steps.pay(scene)
        steps.settle(scene, 0.1 if scene.is_resolved else 0.85)
        return
    # Whoever says it has been paid already is not asked for a card.
    if scene.thread != "2":
        steps.pay(scene)
    steps.settle(scene, 0.25)


def _offer(scene: Scene) -> None:
    """The customer cannot pay it all: a concrete offer, or a demand."""
    scene.agent("payment_offer.ask")
    called_at = scene.customer("payment_offer.cannot")
    if scene.act("payment_offer", "payment_offer", called_at):
        pairs = scene.book.pairs("payment_offer.counter")
        if scene.chance(0.6):
            scene.exchange(pairs[int(scene.rng.random() * len(pairs))], customer_first=True)
        scene.customer("payment_offer.accept")
        scene.is_resolved = True
    else:
        scene.customer("payment_offer.decline")
        scene.is_resolved = scene.chance(0.25)
