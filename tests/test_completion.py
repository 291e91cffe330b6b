"""What a shell offers behind a word that is begun."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.children import finished
from tests.forked import Program

pytestmark = pytest.mark.slow


COMPLETIONS = {
    "histogram --init lecun_tr": {"lecun_truncated"},
    "histogram --act relu/tanh_": {"relu/tanh_shrink"},
    "gain gelu_": {"gelu_tanh"},
    "bounds --scheme kaiming_u": {"kaiming_uniform"},
    "train --optimizer ada": {"adam", "adagrad"},
    "sweep --norm bat": {"batch"},
    "train --data sp": {"spirals", "sp"},
    "histogram -o a": {"a"},
}
"""Words begun → what some of the completions are; files are left to the shell, which gets the word itself."""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_names_and_files_are_completed(shell: str, call: Program) -> None:
    for begun, some in COMPLETIONS.items():
        words = ["actprof", *begun.split()]
        place = words[-1] if shell == "fish" else str(len(words) - 1)
        out = call(env={"_ACTPROF_COMPLETE": f"{shell}_complete", "COMP_WORDS": " ".join(words),
                        "COMP_CWORD": place}).out.decode()
        assert some <= set(re.split(r"[,\n\t]", out)), (begun, out)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
def test_bash_completes_by_the_line_of_the_readme() -> None:
    script = ('eval "$(_ACTPROF_COMPLETE=bash_source actprof)"; COMP_WORDS=(actprof histogram --init lecun_tr); '
              'COMP_CWORD=3; _actprof_completion actprof; echo "${COMPREPLY[@]}"')
    done = finished(["bash", "-c", script], env=os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"})
    assert done.stdout == "lecun_truncated\n"
