"""`aftercall coach`: one line per interaction by agent and time; on real chats each message stands on its moment."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from aftercall.cli import main
from aftercall.cli.coach import coached
from aftercall.cli.score import Refused, forms_for, scored
from aftercall.coaching.choose import Message, Settings
from aftercall.coaching.templates import catalogue

TROUBLED = [
    ("agent", "Hello, how can I help you?"),
    ("customer", "Someone stole my card 4111 1111 1111 1111"),
    ("agent", "What is the street?"),
    ("customer", "Mill road"),
    ("agent", "What is the town?"),
    ("customer", "Thanks, bye"),
    ("agent", "Is there anything else? Goodbye"),
]


def line(identity: str, agent: str | None, at: str | None) -> str:
    told = [{"speaker": who, "start_s": 5.0 * k, "end_s": 5.0 * k, "text": text} for k, (who, text) in enumerate(TROUBLED)]
    record = {"interaction_id": identity, "channel": "chat", "agent_id": agent, "started_at": at, "turns": told}
    return json.dumps(record) + "\n"


def run(capfd: pytest.CaptureFixture[str], *args: str) -> tuple[int, list[dict[str, Any]], str]:
    code = main(["coach", *args])
    out, err = capfd.readouterr()
    return code, [json.loads(one) for one in out.splitlines()], err


@pytest.fixture
def three_days(tmp_path: Path) -> str:
    """Two contacts a day, the later one first in the file."""
    days = [f"2026-05-0{day}T{hour:02d}:00:00Z" for day in (4, 5, 6) for hour in (15, 9)]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(line(f"i-{at[8:13]}", "a1", at) for at in days) + line("nobody", None, days[0]), encoding="utf-8")
    return str(path)


def test_one_message_a_day_in_the_order_of_the_contacts(three_days: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, rows, _ = run(capfd, three_days)
    assert code == 0
    assert [(row["interaction_id"], row.get("reason")) for row in rows] == [
        ("nobody", "agent_unknown"),
        ("i-04T09", None),
        ("i-04T15", "quota"),
        ("i-05T09", None),
        ("i-05T15", "quota"),
        ("i-06T09", None),
        ("i-06T15", "quota"),
    ]
    sent = [row for row in rows if "text" in row]
    assert [row["kind"] for row in sent] == ["lost", "lost", "strength"]
    assert set(sent[0]) >= {"agent_id", "behaviour", "template_id", "turn", "start_s", "text", "action"}
    assert len({row["template_id"] for row in sent}) == 3
    assert "4111" not in json.dumps(rows)


def test_limit_agent_gate_and_words(three_days: str, capfd: pytest.CaptureFixture[str]) -> None:
    both = run(capfd, three_days, "--limit", "2", "--agent", "a1")[1]
    assert len(both) == 6
    assert all("text" in row for row in both)
    gated = run(capfd, three_days, "--below-gate", "acknowledgement", "--limit", "2")[1]
    assert "acknowledgement" not in {row.get("behaviour") for row in gated}
    assert main(["coach", three_days, "--words"]) == 0
    out = capfd.readouterr().out
    assert "00:05" in out
    assert "{" not in out
    assert main(["coach", three_days, "--limit", "-1"]) == 2


@pytest.mark.real_data
@pytest.mark.slow
def test_thirty_messages_for_ten_real_agents_each_with_its_moment_and_one_action(real_data: Path, tmp_path: Path) -> None:
    lines = (real_data / "star" / "transcripts" / "star.jsonl").read_text(encoding="utf-8").splitlines()
    agents = Counter(json.loads(one)["agent_id"] for one in lines)
    # A few more than ten: some agents have only chats too short to score, and then rightly no message.
    chosen = {name for name, _ in sorted(agents.items(), key=lambda item: (abs(item[1] - 20), item[0]))[:14]}
    path = tmp_path / "chosen.jsonl"
    path.write_text("\n".join(one for one in lines if json.loads(one)["agent_id"] in chosen), encoding="utf-8")
    forms = forms_for([str(path)], None)
    pairs = list(scored([str(path)], forms, Refused()))
    stored = {one.interaction_id: one for one, _ in pairs}
    given = coached(pairs, matcher=forms.matcher, settings=Settings(per_day=3), seed=0, below_gate=frozenset())
    messages = [one for one in given if isinstance(one, Message)]
    first_three = [[one for one in messages if one.agent_id == agent][:3] for agent in sorted(chosen)]
    full = [mine for mine in first_three if len(mine) == 3][:10]
    assert len(full) == 10
    actions = {one.template_id: one.action.split("[")[0].strip() for one in catalogue().templates}
    for mine in full:
        assert "strength" in {one.kind for one in mine}
        for one in mine:
            turn = next(turn for turn in stored[one.interaction_id].turns if turn.turn == one.turn)
            assert one.quote in turn.text
            assert one.start_s == turn.start_s
            assert one.text.endswith(one.action)
            assert one.action.startswith(actions[one.template_id])
            assert len(one.text.split()) <= 60
