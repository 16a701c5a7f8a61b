"""The one map of the disk: where everything of a workspace lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from story_engine.config import Config


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of a workspace and of the stories beside it. Names given to it have been checked by their stores."""

    workspace: Path
    stories: Path

    @classmethod
    def of(cls, config: Config) -> Layout:
        """The layout that `config` names."""
        return cls(config.workspace, config.stories)

    def story(self, slug: str) -> Path:
        """The author's text."""
        return self.stories / f"{slug}.yaml"

    def history(self, slug: str) -> Path:
        """Write-once revisions of a story: `<revision, six digits>.yaml`."""
        return self.stories / ".history" / slug

    def takes(self, slug: str, scene: str) -> Path:
        """`<digest>.png`, `.jpg` and `.json` of one scene."""
        return self.workspace / "takes" / slug / scene

    @property
    def trash(self) -> Path:
        """`<token>/{entry.json,parts/}` of everything that was deleted, until it is wanted back or its time is over."""
        return self.workspace / "trash"

    @property
    def limits(self) -> Path:
        """How much is kept, as a person has set it."""
        return self.workspace / "limits.json"

    def picks(self, slug: str) -> Path:
        """Scene id → take id."""
        return self.workspace / "picks" / f"{slug}.json"

    @property
    def desk(self) -> Path:
        """How a person likes the story page."""
        return self.workspace / "desk.json"

    @property
    def favourites(self) -> Path:
        """The pictures that a person likes best."""
        return self.workspace / "favourites.json"

    @property
    def references(self) -> Path:
        """`<sha256>.png` of pictures and masks that recipes are painted from."""
        return self.workspace / "references"

    @property
    def gallery_index(self) -> Path:
        """What is known of all takes, to be searched; can be deleted, and is then made again from their records."""
        return self.workspace / "cache" / "gallery.sqlite"

    def stopped_takes(self, slug: str, scene: str) -> Path:
        """`<digest>.{json,jpg}`: takes of a contest that were begun and not finished, as they were imagined."""
        return self.takes(slug, scene) / "stopped"

    def sweeps(self, slug: str) -> Path:
        """Comparisons of a story: axes and their values."""
        return self.workspace / "sweeps" / f"{slug}.json"

    def comics(self, slug: str) -> Path:
        """How a story is laid out as sheet and comic pages."""
        return self.workspace / "comics" / f"{slug}.json"

    def hand_in(self, slug: str) -> Path:
        """What was typed to hand a story in."""
        return self.workspace / "hand-in" / f"{slug}.json"

    @property
    def scores(self) -> Path:
        """`<scorer>-<version>.jsonl`, by picture hash."""
        return self.workspace / "scores"

    @property
    def loras(self) -> Path:
        """`<name>/{adapter.safetensors,lora.json}` or a single file `<name>.{ckpt,safetensors}`."""
        return self.workspace / "loras"

    @property
    def bundles(self) -> Path:
        """Exported zips."""
        return self.workspace / "bundles"

    @property
    def replays(self) -> Path:
        """`<key>.json`: what came of painting a bundle's pictures again."""
        return self.workspace / "replays"

    @property
    def models(self) -> Path:
        """Downloaded weights, in the published layout."""
        return self.workspace / "models"

    @property
    def model_settings(self) -> Path:
        """Mirror, licences that were accepted, and folders in which models lie elsewhere."""
        return self.workspace / "models.json"

    @property
    def published(self) -> Path:
        """`<package>.json`: sizes and hashes as a hub last said them; can be deleted, and is then asked for again."""
        return self.workspace / "cache" / "published"

    @property
    def embeddings(self) -> Path:
        """Prompt embeddings by text hash; can be deleted."""
        return self.workspace / "cache" / "embeddings"

    @property
    def weight_hashes(self) -> Path:
        """Hashes of weights files by path, size and time; can be deleted, and is then worked out again."""
        return self.workspace / "cache" / "weights.json"

    @property
    def gate(self) -> Path:
        """Pictures as the challenge's script is shown them; each folder is removed with its run."""
        return self.workspace / "cache" / "gate"

    def live(self, job: int) -> Path:
        """Small previews of a running job; removed with it."""
        return self.workspace / "cache" / "live" / str(job)

    @property
    def ledger(self) -> Path:
        """The job ledger; on a local disk, never a network one."""
        return self.workspace / "jobs.sqlite"

    @property
    def dispatcher_lock(self) -> Path:
        """Held by the one dispatcher of this workspace."""
        return self.workspace / "dispatcher.lock"

    @property
    def cluster_token(self) -> Path:
        """Whoever reads the same words in it sees the same folder."""
        return self.workspace / "cluster-token"

    @property
    def cluster_painters(self) -> Path:
        """What the machines that paint have, for recipes."""
        return self.workspace / "cluster-painters.json"

    @property
    def cluster_notice(self) -> Path:
        """How it stands with the cluster that does the jobs, for pages."""
        return self.workspace / "cluster-notice.json"

    def guest(self, token: int) -> Path:
        """Workspace of a child that works for another machine; emptied after each job."""
        return self.workspace / "cluster" / str(token)

    @property
    def sent_loras(self) -> Path:
        """`<sha256>/adapter.safetensors` of LoRAs that other machines have sent; can be deleted."""
        return self.workspace / "cache" / "sent-loras"

    @property
    def logs(self) -> Path:
        """Rotating logs of dispatcher and children."""
        return self.workspace / "logs"

    @property
    def datasets(self) -> Path:
        """`<name>/{dataset.json,originals/,images/,thumbnails/,undo/,incoming/}`."""
        return self.workspace / "datasets"

    @property
    def runs(self) -> Path:
        """`<run>/{spec.json,run.json,metrics.csv,checkpoints/,resume/,samples/,requests/,kept/}`."""
        return self.workspace / "runs"

    @property
    def latents(self) -> Path:
        """Training pictures as the U-Net is given them, by content; can be deleted."""
        return self.workspace / "cache" / "latents"

    @property
    def lora_reports(self) -> Path:
        """Examinations of LoRA files, by content; can be deleted."""
        return self.workspace / "cache" / "lora-reports"

    @property
    def lora_exports(self) -> Path:
        """LoRAs written for other tools; can be deleted."""
        return self.workspace / "cache" / "lora-exports"


@dataclass(frozen=True, slots=True)
class GuestLayout(Layout):
    """A workspace of its own that uses the models of another one."""

    host: Layout

    @property
    def models(self) -> Path:
        """The host's."""
        return self.host.models

    @property
    def model_settings(self) -> Path:
        """The host's."""
        return self.host.model_settings

    @property
    def weight_hashes(self) -> Path:
        """The host's: what was hashed once need not be hashed again."""
        return self.host.weight_hashes
