"""What a simulation shows of dots whose lie does not depend on their fault."""

from __future__ import annotations

import pytest

from napari_cdse.simulate import fault_visibility
from napari_cdse.simulate.fault_visibility import hosts_of, kinds_of
from napari_cdse.simulate.params import Material


def test_parts_of_kinds_and_hosts_are_those_of_the_simulator():
    kinds, hosts = kinds_of(Material()), hosts_of(Material())
    assert sum(kinds.values()) == pytest.approx(1)
    assert hosts == {"cubic": pytest.approx(0.58), "hexagonal": 0.42}
    assert kinds["cubic: twin"] == pytest.approx(0.58 * 0.37)
    assert kinds["hexagonal: wz_fault"] == pytest.approx(0.42 * 0.53)
    assert set(hosts_of(Material(lattice="fcc"))) == {"cubic"}


def test_each_dot_is_judged_by_the_rule_and_again_the_same(small, factor, monkeypatch):
    kinds = {"cubic: twin": 0.5, "hexagonal: wz_fault": 0.5}
    monkeypatch.setattr(fault_visibility, "kinds_of", lambda _material: kinds)
    monkeypatch.setattr(fault_visibility, "_FIELD_PX", 256)
    dots = fault_visibility._of_setting(small, 1, 2, factor)
    assert {dot.setting for dot in dots} == {2}
    assert {True, False} == {dot.aligned for dot in dots}
    assert sum(dot.kind.endswith("perfect") for dot in dots) >= 12
    assert not any(dot.shown for dot in dots if dot.kind.endswith("perfect"))
    assert all(dot.resolved for dot in dots if dot.shown)
    assert any(dot.resolved for dot in dots)
    assert fault_visibility._of_setting(small, 1, 2, factor) == dots
