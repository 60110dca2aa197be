"""Each part of a project alone, with no more than its constructor asks for."""

from types import SimpleNamespace

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Candidate
from napari_cdse.core.review.review_queue import QueueItem
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.store.store import Change, Store
from napari_cdse.project.components.annotators import Annotators
from napari_cdse.project.components.audits import Audits
from napari_cdse.project.components.detections import Detections
from napari_cdse.project.components.edits import Edits
from napari_cdse.project.components.exclusions import Exclusions
from napari_cdse.project.components.history import History
from napari_cdse.project.components.micrographs import Micrographs
from napari_cdse.project.components.models import Models
from napari_cdse.project.components.particles import Particles
from napari_cdse.project.components.review_queue import ReviewQueue
from napari_cdse.project.components.settings import Settings
from napari_cdse.project.components.sync import StepConflict, Sync
from napari_cdse.project.state.change_tracker import ChangeTracker
from napari_cdse.project.state.events import ProjectEvents
from napari_cdse.project.state.project_state import ProjectState
from napari_cdse.project.state.resume_point import ResumePoint
from napari_cdse.project.state.selection import Selection
from napari_cdse.project.state.visit_history import VisitHistory
from tests.project_tools import A, B, detection, small_model, write_folder


class Base:
    """What all parts share: a file of three micrographs with two circles in one."""

    def __init__(self, folder):
        self.store = Store.create(folder / "one.cdse")
        paths = [folder / name for name in ("m1.png", "m2.png", "m10.png")]
        self.store.add_micrographs(paths)
        self.key = self.store.micrographs()[0].key
        self.state = ProjectState(self.store)
        self.state.load()
        self.events = ProjectEvents()
        self.visits = VisitHistory()
        self.selection = Selection(self.state, self.visits, self.events)
        self.tracker = ChangeTracker(self.state, self.selection, self.events)
        self.ids = self.propose([A, B])

    def propose(self, circles):
        found = [Candidate.propose("m", each, "bragg", 1.0) for each in circles]
        self.state.particles.set_candidates(self.key, 1, found)
        self.state.micrographs.refresh()
        return [each.id for each in found]

    def heard(self, name):
        said = []
        # Kept here: the signal itself holds no more than a weak reference.
        self.listener = lambda *values: said.append(values)
        getattr(self.events, name).connect(self.listener)
        return said


class Recorder:
    """Stands for a part that takes steps; remembers what it was asked for."""

    def __init__(self):
        self.steps = []

    def append(self, summary, there, changes=(), of_micrographs=(), annotator=None):
        self.steps.append((summary, there, tuple(changes)))

    def change_micrographs(self, summary, changes, there):
        self.steps.append((summary, there, tuple(changes)))


class Alone:
    """Stands for `Sync` where no other window is."""

    def __init__(self, state):
        self.state = state

    def catch_up(self, touched=None):
        pass

    def write(self, write):
        return write()

    def row(self, index):
        return self.state.micrographs.rows[index]


@pytest.fixture
def base(tmp_path):
    base = Base(write_folder(tmp_path / "sample"))
    yield base
    base.store.close()


def nobody(**values):
    """Stand for `Annotators` where there is but one."""
    return SimpleNamespace(
        current="Ada",
        name="Ada",
        also_me=(),
        hide_others=False,
        sees_others=lambda _id: True,
        others_labelled=lambda _id: False,
        hidden_note=lambda _id: "",
        disagreements_in_view=lambda: (),
        **values,
    )


def test_settings_are_in_the_file_for_the_next_opening(base):
    settings = Settings(base.store, base.state.backlog)
    settings.detection = DetectionParams(window_nm=4.5)
    settings.scale_bar = (50.0, "nm")
    again = Settings(base.store, base.state.backlog)
    again.read()
    assert again.detection.window_nm == 4.5
    assert again.scale_bar == (50.0, "nm")


def test_the_selection_opens_the_micrograph_of_a_particle(base):
    opened = base.heard("opened")
    base.selection.select(base.ids[1])
    assert (base.selection.index, base.selection.particle_id) == (0, base.ids[1])
    assert opened == [(0,)]
    with pytest.raises(StoreError, match="no longer in the project"):
        base.selection.select("gone")
    assert base.selection.particle_id == base.ids[1]


def test_the_selection_leaves_a_particle_that_is_gone(base):
    base.selection.select(base.ids[1])
    base.propose([A])
    base.selection.drop_missing()
    assert base.selection.particle_id is None


def test_the_tracker_tells_only_what_became_another(base):
    told = base.heard("particles_changed")
    before = base.tracker.before([base.key])
    change = Change(base.ids[0], base.key, None, labelled(base, base.ids[0], "yes"))
    base.state.particles.apply([change], 1)
    base.tracker.announce(before)
    assert told == [(frozenset({base.ids[0]}),)]


def labelled(base, particle_id, label):
    """Annotation of a proposed particle, as `Edits` makes it."""
    taken = Recorder()
    edits_of(base, taken).label([particle_id], label)
    ((_, _, (change,)),) = taken.steps
    return change.after


def edits_of(base, history):
    audits = SimpleNamespace(chances=lambda _ids: {}, hides=lambda _id: False)
    return Edits(
        base.state,
        base.selection,
        history,
        Alone(base.state),
        nobody(),
        audits,
        base.events,
    )


def test_particles_are_read_by_micrograph_and_by_id(base):
    particles = Particles(base.state, base.selection)
    assert particles.current == ()
    base.selection.open(0)
    assert [each.circle for each in particles.current] == [A, B]
    assert particles.of(1) == ()
    assert particles.micrograph_of(base.ids[0]) == 0
    assert str(particles.progress()) == "0/2"


def test_an_edit_becomes_one_step_of_the_history(base):
    taken = Recorder()
    edits = edits_of(base, taken)
    base.selection.open(0)
    edits.label(base.ids, "no")
    edits.note({base.ids[0]: "tilted"})
    drawn = edits.draw(A)
    assert [summary for summary, _, _ in taken.steps] == [
        "Label 2 circles no",
        "Note on 1 circle",
        "Draw 1 circle",
    ]
    assert taken.steps[1][2][0].after.note == "tilted"
    assert taken.steps[2][2][0].particle_id == drawn
    with pytest.raises(StoreError, match="no longer in the project"):
        edits.remove(["gone"])
    assert len(taken.steps) == 3


def test_the_history_goes_back_and_forth(base):
    sync = Alone(base.state)
    history = History(
        base.store,
        base.state,
        base.selection,
        base.tracker,
        nobody(),
        sync,
        base.events,
    )
    edits_of(base, history).label([base.ids[0]], "yes")
    assert base.state.particles.get(base.ids[0]).label == "yes"
    assert history.undo_summary == "Label 1 circle yes"
    assert history.undo() == "Label 1 circle yes"
    assert base.state.particles.get(base.ids[0]).label is None
    assert (history.can_undo, history.can_redo) == (False, True)
    history.redo()
    assert base.state.particles.get(base.ids[0]).label == "yes"


def sync_of(base, followed, read):
    def follow(steps, model_before):
        followed.append(([each.summary for each in steps], model_before))
        base.state.head = steps[-1].id if steps else base.state.head

    return Sync(
        base.store,
        base.state,
        base.events,
        follow=follow,
        reload=lambda: read.append(True),
    )


def other_window(base):
    """Label a particle through another connection to the same file."""
    store = Store.open(base.store.path)
    state = ProjectState(store)
    state.load()
    history = History(
        store, state, base.selection, base.tracker, nobody(), Alone(state), base.events
    )
    change = Change(base.ids[0], base.key, None, labelled(base, base.ids[0], "yes"))
    history.append("Label 1 circle yes", base.key, [change])
    return store


def test_steps_of_another_window_are_followed(base):
    followed, read = [], []
    sync = sync_of(base, followed, read)
    assert not sync.poll()
    notices = base.heard("notice")
    other_window(base).close()
    assert sync.poll()
    assert (followed, read) == ([(["Label 1 circle yes"], None)], [])
    assert "Another window works" in notices[0][0]
    assert not sync.poll()


def test_a_step_over_the_whole_history_stops_at_another_windows(base):
    followed, read = [], []
    sync = sync_of(base, followed, read)
    other_window(base).close()
    with pytest.raises(StepConflict, match="repeat your last step"):
        sync.write(sync.catch_up)
    assert followed
    assert read == [True]


def test_exclusions_ask_for_a_reason_and_an_area(base):
    taken = Recorder()
    exclusions = Exclusions(base.state, taken, Alone(base.state))
    exclusions.set_excluded(0, " too  thick ")
    ((summary, there, (change,)),) = taken.steps
    assert (summary, there, change.after) == ("Leave m1.png out", base.key, "too thick")
    with pytest.raises(StoreError, match="few words"):
        exclusions.set_excluded(0, "  ")
    with pytest.raises(StoreError, match="encloses nothing"):
        exclusions.add_region(0, [(0, 0), (5, 5)], "carbon")
    assert len(taken.steps) == 1


def test_micrographs_learn_from_what_was_read(base):
    taken = Recorder()
    sync = Alone(base.state)
    settings = Settings(base.store, base.state.backlog)
    part = Micrographs(
        base.store, base.state, base.selection, taken, sync, settings, base.events
    )
    pixels = read_micrograph(part.entries[0].path)
    base.selection.open(0)
    part.set_pixels(0, pixels)
    assert base.selection.micrograph.id == pixels.id
    assert part.shape(0) == pixels.shape
    part.set_pixel_size(0.05, [0])
    assert taken.steps[0][0] == "Pixel size of 1 micrograph: 0.05 nm"
    part.set_frames({0: "mean"})
    assert taken.steps[1][0] == "Mean of all frames in 1 micrograph"


def test_the_kept_model_is_active_and_can_be_gone_back_from(base):
    models = Models(base.store, base.state, nobody(), base.events)
    first, second = small_model(0, "first"), small_model(1, "second")
    told = base.heard("models_changed")
    for each in (first, second):
        models.add(each)
        models.keep(each.card.id)
    assert models.active_id == second.card.id
    assert models.roll_back() == first.card
    assert models.active_id == first.card.id
    assert len(told) == 5


def test_a_detection_replaces_the_earlier_one(base):
    pixels = read_micrograph(
        base.state.micrographs.path(base.state.micrographs.rows[0])
    )
    base.state.micrographs.note_read(base.key, pixels)
    part = Detections(
        base.store,
        base.state,
        base.selection,
        base.tracker,
        Settings(base.store, base.state.backlog),
        base.events,
    )
    base.selection.select(base.ids[0])
    told = base.heard("analysed")
    assert part.due() == [0, 1, 2]
    found = [Candidate.propose(pixels.id, B, "bragg", 1.0)]
    part.put(pixels.id, detection([B]), found)
    assert told == [(0,)]
    assert part.current.circles == (B,)
    assert base.selection.particle_id is None
    assert part.due() == [1, 2]
    with pytest.raises(StoreError, match="no micrograph of this project"):
        part.put("unknown", detection([B]), found)


def test_an_audit_hides_what_it_drew_until_it_is_judged(base):
    audits = Audits(
        base.store, base.state, base.selection, base.visits, nobody(), base.events
    )
    base.store.set_setting(
        "audit", {"seed": "s", "share": 1.0, "held": {}, "watched": True}
    )
    audits.read_plan()
    assert all(map(audits.hides, base.ids))
    assert audits.chances(base.ids) == dict.fromkeys(base.ids, 1.0)
    change = Change(base.ids[0], base.key, None, labelled(base, base.ids[0], "yes"))
    base.state.particles.apply([change], 1)
    assert not audits.hides(base.ids[0])


def test_the_queue_goes_through_what_the_audits_give_it(base):
    items = [
        QueueItem(0, each, circle, None, None)
        for each, circle in zip(base.ids, (A, B), strict=True)
    ]
    audits = SimpleNamespace(
        queue_items=lambda: iter(items), note_order=lambda _order: None, goal="learn"
    )
    queue = ReviewQueue(base.state, base.selection, base.visits, nobody(), audits)
    order = [each for _, each in queue.queue("micrograph")]
    assert sorted(order) == sorted(base.ids)
    base.selection.select(queue.advance("micrograph"))
    assert base.selection.particle_id == order[0]
    assert queue.advance("micrograph") == order[1]
    items.pop()
    assert len(queue.queue("micrograph")) == 2
    queue.forget_orders()
    assert len(queue.queue("micrograph")) == 1


def test_each_annotator_goes_on_where_they_stopped(base):
    resume = ResumePoint(base.store, base.state, base.selection, base.visits)
    parts = (base.store, base.state, resume, base.events)
    looks = {"is_drawn": lambda _: False, "renamed": lambda: None}
    annotators = Annotators(*parts, **looks)
    annotators.current = " Ada "
    base.selection.open(1)
    base.visits.passed = {"a", "b"}
    annotators.current = "Ben"
    assert base.visits.passed == set()
    annotators.current = "Ada"
    assert base.visits.passed == {"a", "b"}
    assert resume.index == 1
    assert Annotators(*parts, **looks).current == "Ada"
