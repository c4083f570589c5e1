"""Completion in bash, zsh and fish, for what click does not handle: `--option=value`, and help with commas or breaks.

Each shell passes `--option=value` in its own way: bash as three words, zsh and fish as one, which they then replace as
a whole. Source: bash's COMP_WORDBREAKS, zshcompsys(1), fish's `complete`.
"""

import os
from typing import Any

from click.shell_completion import BashComplete, CompletionItem, FishComplete, ZshComplete, add_completion_class

_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local kind value help
    local -a answer plain described
    (( $+commands[%(prog_name)s] )) || return 1
    answer=("${(@f)$(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT - 1)) \
%(complete_var)s=zsh_complete %(prog_name)s)}")
    # What stands before the value of --option=value is kept, and the rest is completed.
    [[ ${words[CURRENT]} == --*=* ]] && compset -P 1 '*='
    for kind value help in $answer; do
        case $kind in
            dir) _path_files -/ ;;
            file) _path_files ;;
            *) if [[ $help == _ ]]; then plain+=("$value"); else described+=("$value:$help"); fi ;;
        esac
    done
    (( $#described )) && _describe -V values described
    (( $#plain )) && compadd -V values -a plain
    return 0
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    set -l word (commandline -ct)
    set -l option (string match -r -- '^--[^=]*=' $word; or echo '')
    for line in (COMP_WORDS=(commandline -cp) COMP_CWORD=$word %(complete_var)s=fish_complete %(prog_name)s)
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case dir
                string replace -r -- '^' "$option" (__fish_complete_directories $parts[2])
            case file
                string replace -r -- '^' "$option" (__fish_complete_path $parts[2])
            case '*'
                echo $option$parts[2]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments '(%(complete_func)s)'
"""


def _on_one_line(item: "CompletionItem[Any]") -> "CompletionItem[Any]":
    """Return an item whose help is one line, because shells read one line for each part of an item."""
    if item.help:
        item.help = " ".join(item.help.split())
    return item


@add_completion_class
class Bash(BashComplete):
    """bash, which splits words at `=`."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is completed, and the typed part of that word."""
        args, incomplete = super().get_completion_args()
        if len(args) > 1 and args[-1] == "=" and args[-2].startswith("--"):
            args.pop()
        return args, incomplete


@add_completion_class
class Zsh(ZshComplete):
    """zsh; its script keeps `--option=`."""

    source_template = _ZSH

    def format_completion(self, item: "CompletionItem[str]") -> str:
        """Return an item as three lines: kind, value, help."""
        return super().format_completion(_on_one_line(item))


@add_completion_class
class Fish(FishComplete):
    """fish; its script puts `--option=` back before each value."""

    source_template = _FISH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is completed, and the typed part of that word."""
        args, incomplete = super().get_completion_args()
        if not os.environ["COMP_CWORD"] and args and args[-1] == "":
            args.pop()
        return args, incomplete

    def format_completion(self, item: "CompletionItem[str]") -> str:
        """Return an item as one line: kind, value, help."""
        return super().format_completion(_on_one_line(item))
