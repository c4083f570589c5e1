"""The program's commands. Each is a module, or a folder, of the command's name, which holds the command under this name
again; nothing else registers it.

A module declares a command with `click_running.command`: its options as a class, what its help says, and what it does.
To list commands or to read options, nothing but click may be imported, so what a command does is imported within its
function: in a folder it stands in `body.py` beside the declaration.
"""
