"""The way through the particles, step by step."""

from napari_cdse.project.state.visit_history import VisitHistory


def everything(_):
    return True


def way_of(visited):
    visits = VisitHistory()
    for one in visited:
        visits.visit(one)
    return visits


def back_through(visits, is_there=everything):
    found = []
    while (one := visits.back(is_there)) is not None:
        found.append(one)
    return "".join(found)


def test_going_back_follows_the_way():
    assert back_through(way_of("abc")) == "ba"
    assert back_through(way_of("")) == ""
    assert back_through(way_of("a")) == ""
    # Looking at the same one again is no step, coming to it once more is one.
    assert back_through(way_of("aab")) == "a"
    assert back_through(way_of("abca")) == "cba"


def test_what_is_gone_is_passed_over():
    visits = way_of("abcd")
    assert back_through(visits, lambda one: one not in "bc") == "a"
    assert way_of("ab").back(lambda one: one != "a") is None


def test_going_on_after_going_back_comes_along_the_same_way():
    visits = way_of("abcd")
    assert visits.back(everything) == "c"
    assert visits.back(everything) == "b"
    visits.visit("b")
    visits.visit("c")
    visits.visit("d")
    assert back_through(visits) == "cba"


def test_a_detour_is_a_step_in_between():
    visits = way_of("abc")
    visits.back(everything)
    visits.visit("x")
    assert back_through(visits) == "ba"
    visits = way_of("abc")
    visits.back(everything)
    visits.visit("x")
    visits.visit("c")
    assert back_through(visits) == "xba"


def test_undo_goes_one_step_back_on_the_way():
    visits = way_of("abc")
    visits.visit("b")
    assert back_through(visits) == "a"
    visits = way_of("ab")
    visits.visit("a")
    visits.visit("b")
    assert back_through(visits) == "a"


def test_what_was_passed_by_is_kept_apart():
    assert VisitHistory("ab").passed == {"a", "b"}
    assert way_of("ab").passed == set()
