"""The steps every kind of conversation is made of: greeting, identity, trouble, waiting, holding, paying, ending.

Lives here: what is said in a step and which behaviours it calls for. Not here: the order of steps (service_talk.py,
recovery_talk.py), wording (lines/*.toml).
"""

from aftercall.synth.scene import Scene

MOST_DETAILS = 4
_IDENTITY_KINDS = ("dob", "phone", "ssn4", "email", "address")


def greet(scene: Scene, key: str = "greeting") -> None:
    """Greet, and on a call say that it is recorded (in the same turn or the next)."""
    scene.act("greeting", key, None)
    if not scene.is_chat:
        notice(scene, called_at=scene.last)


def notice(scene: Scene, called_at: int) -> None:
    """Say that the call is recorded."""
    if scene.act("recording_notice", "recording_notice", called_at) and scene.chance(0.35):
        scene.customer("recording_notice.reply")


def identify(scene: Scene) -> None:
    """Check who the customer is, then perhaps use the name."""
    called_at = scene.last
    if scene.does("identity_check"):
        kinds = [k for k in _IDENTITY_KINDS if scene.book.options(f"identity_check.{k}.answers", chat=scene.is_chat)]
        kind = kinds[int(scene.rng.random() * len(kinds))]
        turn = scene.agent(f"identity_check.{kind}.{scene.wording('identity_check')}")
        scene.mark("identity_check", turn, called_at)
        scene.customer(f"identity_check.{kind}.answers")
        if scene.does("name_use"):
            called_at = scene.last
            scene.mark("name_use", scene.agent("identity_check.thanks_named"), called_at, worded=False)
        else:
            scene.mark("name_use", None, scene.last)
            scene.agent("identity_check.thanks")
    else:
        scene.agent("identity_check.missed")
        scene.mark("identity_check", None, called_at)


def respond_to_trouble(scene: Scene, kind: str) -> None:
    """Answer trouble the customer just named: apology and acknowledgement, each done or left out."""
    scene.is_troubled = True
    called_at = scene.last
    keys = list[str]()
    owes = scene.chance(scene.book.at_fault[scene.intent])
    sorry = owes and scene.does("apology")
    if sorry:
        keys.append(f"apology.{scene.wording('apology')}")
    named = scene.does("acknowledgement")
    if named:
        keys.append(f"acknowledgement.{kind}.{scene.wording('acknowledgement')}")
    if not keys:
        keys = ["acknowledgement.pleasantry" if scene.chance(0.3) else "acknowledgement.missed"]
    turn = scene.agent(*keys)
    if owes:
        scene.mark("apology", turn if sorry else None, called_at)
    scene.mark("acknowledgement", turn if named else None, called_at)
    if named and scene.chance(0.5):
        scene.customer("small.customer_thanks")
    elif not named and scene.chance(0.4):
        scene.customer("small.customer_sour")


def ask_openly(scene: Scene, trouble: str) -> None:
    """Find out what a vague opening means: an open question and a story, or a closed question and a stub."""
    called_at = scene.last
    if scene.does("open_question"):
        scene.mark("open_question", scene.agent(f"open_question.{scene.wording('open_question')}"), called_at)
    else:
        scene.agent(f"{scene.intent}.closed_question")
        scene.mark("open_question", None, called_at)
        scene.customer(f"{scene.intent}.closed_answer")
    if scene.chance(0.55):
        scene.tell(f"{scene.intent}.story.upset")
        respond_to_trouble(scene, trouble)
    else:
        scene.tell(f"{scene.intent}.story.calm")


def details(scene: Scene, reserve_s: float) -> None:
    """Ask for details while there is talk time to fill, and chat a little when plenty is left."""
    pairs = list(scene.book.pairs(f"{scene.intent}.details", scene.thread))
    scene.rng.shuffle(pairs)
    del pairs[MOST_DETAILS:]
    chatter = list(scene.book.pairs("small.chatter"))
    while pairs and scene.room_s(reserve_s) > 12.0:
        scene.exchange(pairs.pop())
        if not scene.is_chat and scene.chance(0.06):
            scene.agent("small.repeat_please")
            scene.customer("small.customer")
        if chatter and scene.room_s(reserve_s) > 60.0 and scene.chance(0.15):
            scene.exchange(chatter.pop(int(scene.rng.random() * len(chatter))))


def look_up(scene: Scene) -> None:
    """Read something for a while, announced or not."""
    called_at = scene.last
    if scene.act("announced_wait", "announced_wait", called_at) and not scene.is_chat and scene.chance(0.3):
        scene.customer("small.customer")
    scene.wait("lookup")
    if scene.chance(0.4):
        scene.agent("announced_wait.back")


def hold(scene: Scene) -> None:
    """Put the customer on hold: asked before and thanked after, or neither."""
    called_at = scene.last
    if scene.act("hold_etiquette", "hold_etiquette", called_at):
        scene.customer("hold_etiquette.reply")
        scene.wait("hold")
        scene.agent(f"hold_etiquette.thanks_{scene.wording('hold_etiquette')}")
    else:
        scene.wait("hold")
        scene.agent("hold_etiquette.back_missed")


def settle(scene: Scene, refused_share: float) -> None:
    """Solve it, or refuse and offer another way, or refuse and leave it there."""
    scene.is_stuck = scene.chance(refused_share)
    if not scene.is_stuck:
        scene.agent(f"{scene.intent}.solved")
        scene.customer("card.done_reply" if scene.chance(0.6) else "small.customer_thanks")
        return
    called_at = scene.agent(f"{scene.intent}.stuck")
    scene.is_resolved = False
    scene.customer("small.customer_sour")
    if scene.act("alternative_offered", f"{scene.intent}.alternative", called_at):
        scene.is_resolved = scene.chance(0.6)
        scene.customer("small.accept" if scene.is_resolved else "small.reject")


def promise(scene: Scene) -> None:
    """Take on what remains to be done, or pass it on."""
    if scene.act("ownership", f"{scene.intent}.ownership", scene.last) and scene.chance(0.5):
        scene.customer("small.customer_thanks" if scene.chance(0.5) else "small.customer")


def pay(scene: Scene) -> None:
    """Take a card payment; now and then in two halves, and, wrongly, with the security code said aloud."""
    scene.agent("card.ask")
    if not scene.is_chat and scene.chance(0.3):
        scene.customer("card.half_1")
        scene.agent("card.half_between")
        scene.customer("card.half_2")
    else:
        scene.customer("card.answers")
    if scene.chance(0.6):
        scene.agent("card.expiry_ask")
        scene.customer("card.expiry_answer")
    if scene.chance(0.25):
        scene.agent("card.code_ask")
        scene.customer("card.code_answer")
    scene.agent("card.done")
    scene.customer("card.done_reply")


def end(scene: Scene) -> None:
    """Sum up, ask for more, say goodbye; each done or left out."""
    scene.act("recap", f"{scene.intent}.{'recap_stuck' if scene.is_stuck else 'recap'}", scene.last)
    if scene.act("anything_else", "anything_else", scene.last):
        if scene.chance(0.12):
            pairs = scene.book.pairs("anything_else.more")
            scene.exchange(pairs[int(scene.rng.random() * len(pairs))], customer_first=True)
            scene.customer("small.customer")
        else:
            scene.customer("anything_else.no")
    done = scene.act("closing", "closing", scene.last)
    scene.customer("closing.reply" if done and scene.is_resolved else "closing.reply_sour")
    if scene.is_chat and scene.chance(0.3):
        scene.system("system.left")
