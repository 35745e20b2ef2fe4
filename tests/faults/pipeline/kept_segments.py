"""Keeps what a journal's retention deletes: by a journal that begins in its middle not every row can be checked."""
import os
import threading

EXTENSION = ".journal"


class KeptSegments:
    """Hard links to all plain segments of a journal, made while it is written; each is there for long before it is deleted."""

    def __init__(self, journal, folder):
        self.journal, self.folder = journal, folder
        os.makedirs(folder)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.over.wait(0.02):
            self.look()

    def look(self):
        for name in self.names(self.journal):
            kept = os.path.join(self.folder, name)
            try:
                if os.path.exists(kept) and os.path.samefile(kept, os.path.join(self.journal, name)):
                    continue
                os.link(os.path.join(self.journal, name), kept + ".new")
                os.replace(kept + ".new", kept)  # one that was made ahead, never used, and made again
            except FileNotFoundError:
                pass  # packed meanwhile; known since it was made

    @staticmethod
    def names(folder):
        try:
            return sorted(name for name in os.listdir(folder) if name.endswith(EXTENSION))
        except FileNotFoundError:
            return []

    def close(self):
        self.over.set()
        self.thread.join()

    def put_back(self):
        """How many were missing at the journal's beginning and are there again."""
        self.close()
        first = min(int(name[:16], 16) for name in os.listdir(self.journal) if EXTENSION in name)
        for index in range(first):
            name = f"{index:016x}{EXTENSION}"
            os.link(os.path.join(self.folder, name), os.path.join(self.journal, name))
        return first
