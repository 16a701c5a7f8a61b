import subprocess
import sys

from story_engine.config import PROJECT_FOLDER


def test_a_child_that_had_nothing_to_do_leaves_without_a_crash(tmp_path):
    command = [sys.executable, "-m", "story_engine.jobs.work.child", "--workspace", tmp_path, "--stories", tmp_path]
    command += ["--work", "story_engine.jobs.kinds:WORK", "--idle-seconds", "0.3"]

    with subprocess.Popen(
        command, cwd=PROJECT_FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        code = child.wait(timeout=60)
        said = child.stderr.read()

    assert code == 0, said
    assert "Fatal" not in said
