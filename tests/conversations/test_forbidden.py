from tests.conversations.script import find_forbidden


def test_find_forbidden_skips_ids():
    assert find_forbidden(("h3",), "Approve q_7h3k, then see v_0h3456789a and cat-v_0h3456789a.mp4.") == []
    assert find_forbidden(("h3",), "Or minimax:minimax-h3, with q_7abk.") == ["h3"]
