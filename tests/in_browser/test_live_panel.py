"""The live panel of a workflow, in a real browser: a slider moves, the picture changes, and so do the kernel's values."""

import statistics

START = """
from helpers import phantoms, views
stack, truth = phantoms.mitochondria(shape={shape})
panel = views.tune("tomm20", stack)
"""

# Keydown to the frame that shows the new picture, timed in the browser itself.
LATENCY = """(canvas) => { window.latency = []; let started;
  document.addEventListener('keydown', (event) => { started = event.timeStamp; }, true);
  new MutationObserver(() => { const since = started; requestAnimationFrame(() => setTimeout(() => window.latency.push(performance.now() - since))); })
  .observe(canvas, { attributes: true, attributeFilter: ['data-shown'] }); }"""


def test_slider_changes_what_is_outlined(open_notebook):
    nb = open_notebook(START.format(shape=(16, 128, 128)), "panel").run_all()
    before = nb.settled(nb.canvas)
    found = int(nb.ask("int(panel.mask.sum())"))
    for _ in range(60):
        nb.slider("filament_cutoffs").press("ArrowRight")
    nb.wait(lambda: nb.ask("panel.values['filament_cutoffs']") == "[0.19]", "the value in the kernel")
    after = nb.settled(nb.canvas, unlike=before)
    assert int(nb.ask("int(panel.mask.sum())")) < found
    assert nb.ask("bool((panel.mask == panel._segment(**panel.values)).all())") == "True"
    orange = [((p[..., 0] > 200) & (p[..., 2] < 90)).mean() for p in (before, after)]
    assert orange[1] < orange[0]


def test_keys_move_the_plane_and_leave_the_notebook_alone(open_notebook):
    nb = open_notebook(START.format(shape=(16, 128, 128)), "panel").run_all()
    nb.settled(nb.canvas)
    nb.click(nb.canvas, (0.25, 0.75))
    nb.wait_for("panel.viewer.position[1:]", "(96, 32)")
    before, cells = nb.ask("panel.viewer.position[0]"), nb.cells()
    for key in ("k", "k", "j", "ArrowUp", "o", "d", "x", "b", "m"):
        nb.page.keyboard.press(key)
    nb.wait_for("panel.viewer.position[0]", str(int(before) + 2))
    assert nb.ask("panel.viewer._outline.value") == "False"
    assert nb.cells() == cells


def test_a_change_is_on_screen_at_once(open_notebook, record_property):
    """32 x 256 x 256 voxels: the crop that is segmented while a slider moves."""
    nb = open_notebook(START.format(shape=(32, 256, 256)), "panel").run_all()
    nb.settled(nb.canvas)
    nb.canvas.evaluate(LATENCY)
    handle = nb.slider("smoothing_sigma")
    for count in range(8):
        handle.press("ArrowRight" if count % 2 else "ArrowLeft")
        nb.page.wait_for_function("(count) => window.latency.length > count", arg=count)
    times = nb.page.evaluate("window.latency")
    record_property("milliseconds", statistics.median(times))
    print(f"key to picture: median {statistics.median(times):.0f} ms, worst {max(times):.0f} ms")


def test_large_stack_is_previewed_in_a_frame_then_whole(open_notebook):
    nb = open_notebook(START.format(shape=(16, 384, 512)), "panel").run_all()
    nb.settled(nb.canvas)
    nb.slider("smoothing_sigma").press("ArrowRight")
    nb.wait_for("panel.viewer._box is not None", "True")
    nb.wait_for("panel.viewer._box is None", "True")  # after the pause the whole stack was segmented
    assert nb.ask("bool((panel.mask == panel._segment(**panel.values)).all())") == "True"


def test_copied_parameters_are_lines_for_the_parameters_cell(open_notebook):
    nb = open_notebook(START.format(shape=(8, 96, 96)), "panel").run_all()
    nb.button("copy these parameters (c)").click()
    nb.wait_for("'filament_cutoffs = [0.16]  # ' in panel._text.value", "True")


def test_saved_with_record(open_notebook):
    cells = (
        "input_path = ''\noutput_folder = 'saved_by_button'\nchannel = ''\nscene = 0\ntime = 0\nvoxel_size = []\ncontrast_low = 3.5\ncontrast_high = 15\n"
        "smoothing_sigma = 1\nfilament_sigmas = [1.5]\nfilament_cutoffs = [0.16]\nminimum_size = 10",
        "from helpers import notebook, phantoms, views\nrun = notebook.check('tomm20')\nstack, truth = phantoms.mitochondria(shape=(8, 96, 96))",
        "panel = views.tune(run, stack)\npanel",
    )
    nb = open_notebook(*cells).run_all()
    nb.slider("minimum_size").press("ArrowRight")
    nb.wait_for("panel.values['minimum_size']", "11")
    nb.button("save with record").click()
    folder = nb.lab["root"] / "saved_by_button"
    nb.wait(lambda: list(folder.glob("*_record.json")), "the record")
    import json

    (record,) = folder.glob("*_record.json")
    saved = json.loads(record.read_text())
    assert saved["parameters"]["minimum_size"] == 11
    assert saved["quality"]["same_as_workflow"]


def test_picture_stands_beside_the_sliders_or_below_where_the_screen_is_narrow(open_notebook):
    nb = open_notebook(START.format(shape=(16, 128, 128)), "panel").run_all()
    nb.settled(nb.canvas)
    handle = nb.slider("filament_cutoffs")
    for width, beside in ((1366, True), (1024, False)):
        nb.page.set_viewport_size({"width": width, "height": 800})
        nb.wait(lambda wanted=beside: (nb.canvas.bounding_box()["x"] > handle.bounding_box()["x"]) == wanted, "the other place")
        right = nb.canvas.evaluate("(canvas) => canvas.closest('.jp-OutputArea-output').getBoundingClientRect().right")
        box = nb.canvas.bounding_box()
        assert box["x"] + box["width"] <= right, "nothing of the plane is cut off"
