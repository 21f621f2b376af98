"""Trains the built-in model from random weights on generated clips: `python -m training.train --out DIR`.

With `--steps` and one trainer a run repeats bit for bit on the same machine, also where it was stopped and resumed. By the
clock (`--minutes`), or with several trainers on the same weights, no two runs are alike.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import signal
import time
from collections.abc import Sequence
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import torch
import torch.multiprocessing as mp
from gvm_matte.core.files import whole_file
from torch import Tensor, nn

from .curves import write_curves
from .data import Feeder, Fronts
from .evaluate import HeldOut, measure, save_pictures
from .export import export, read_into
from .losses import matte_loss
from .network import MatteNetwork, spelled_alpha, with_cpu_layout

WARM_UP = 100  # steps
FLAT = 0.5  # share of the run before the learning rate falls
MEMORY = 0.992  # of the average weights, a step of the first trainer: it must forget what the falling rate has overtaken


def rate_at(step: int, progress: float, peak: float) -> float:
    """Learning rate: a linear warm-up by steps, flat for half of the run's wall time, then half a cosine down."""
    fall = min(1.0, max(0.0, progress - FLAT) / (1 - FLAT))
    return peak * min(1.0, (step + 1) / WARM_UP) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * fall)))


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, step: int) -> None:
    """Moves the average weights towards the network's; quickly at first, when the average means nothing yet."""
    keep = min(MEMORY, (step + 1) / (step + 20))
    pairs = [(a, b) for a, b in zip(average.parameters(), network.parameters(), strict=True)]
    torch._foreach_lerp_([a for a, _ in pairs], [b for _, b in pairs], 1 - keep)


def new_optimizer(network: nn.Module, rate: float) -> torch.optim.Optimizer:
    """AdamW, without decay for biases and norms."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), fused=True)


def learn(
    network: MatteNetwork,
    optimizer: torch.optim.Optimizer,
    batch: tuple[Tensor, Tensor, bool],
    rate: float,
    progress: float,
    options: argparse.Namespace,
) -> float:
    """One step of the optimizer on a batch of plate, alpha and whether it ends at the latent; returns the loss."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    device, spelled = torch.device(options.device), batch[2]
    plate, truth = batch[0].to(device), batch[1].to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=options.bf16):
        latent = network.latent(plate)
        predicted = None if spelled else network.decode(latent)
    known = 0.5 if options.start_from else 0.1  # of where edges are
    detail = min(1.0, known + 1.5 * progress)
    loss = matte_loss(spelled_alpha(latent.float(), network.cell), truth, detail)
    if predicted is not None:  # late in the run the latent is free to become what suits the decoder
        hold = min(1.0, max(0.1, (0.85 - progress) / 0.25))
        loss = hold * loss + matte_loss(predicted.float(), truth, detail)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    if torch.isfinite(norm):  # a step that overflowed is left out rather than ruining the moments
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())


def help_out(
    network: MatteNetwork,
    options: argparse.Namespace,
    number: int,
    begun: int,
    progress: Synchronized[float],
    steps: Synchronized[int],
) -> None:
    """Body of a further trainer: the same weights in shared memory, its own clips and its own moments.

    No process waits for another (a step may start from weights that change under it), so a core that other programs take
    now and then slows one trainer only; two threads of one trainer would wait for each other at every layer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first trainer says when to end
    torch.set_num_threads(options.threads)
    optimizer = new_optimizer(network, options.rate)
    # its seed says where the run was when it began: a resumed run has other clips
    fronts = Fronts(options.photographs, 7919 * number + options.seed + begun, options.clips)
    feeder, own = Feeder(0, fronts), 0  # its moments are new, so its warm-up is too
    while progress.value < 1:
        feeder.progress.value = progress.value
        rate = rate_at(own, progress.value, options.rate)
        learn(network, optimizer, feeder.next(), rate, progress.value, options)
        own += 1
        with steps.get_lock():
            steps.value += 1


class Run:
    """One training run: its state, its log and its files."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.out, self.device = options, Path(options.out), torch.device(options.device)
        self.out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(options.seed)
        self.network = with_cpu_layout(MatteNetwork()).to(self.device)
        if options.start_from:
            read_into(self.network, Path(options.start_from))
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.optimizer = new_optimizer(self.network, options.rate)
        # steps of all trainers and of the first one; seconds of earlier parts of this run
        self.step, self.own, self.spent = 0, 0, 0.0
        if options.resume and (self.out / "checkpoint.pt").exists():
            state = torch.load(self.out / "checkpoint.pt", map_location=self.device, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.own, self.spent = state["step"], state["own"], state["spent"]
        self.started, self.stopping = time.monotonic(), False

    def stop(self, *_: object) -> None:
        """Ends the run after the step that is being computed; a handler of signals."""
        self.stopping = True

    @property
    def progress(self) -> float:
        """Share of the run that is over, by steps if the run has so many, else by time."""
        options = self.options
        return self.step / options.steps if options.steps else self.elapsed / (options.minutes * 60)

    @property
    def elapsed(self) -> float:
        """Seconds of training, all parts together."""
        return self.spent + time.monotonic() - self.started

    def save(self) -> None:
        """Checkpoint and export; written beside and moved, so that a stop in the middle loses nothing."""
        state = {name: getattr(self, name).state_dict() for name in ("network", "average", "optimizer")}
        state.update(step=self.step, own=self.own, spent=self.elapsed)
        with whole_file(str(self.out / "checkpoint.pt")) as part:
            torch.save(state, part)
        export(self.average, self.out / "export")

    def log(self, **record: float) -> None:
        """Appends a line to `log.jsonl`, prints it and draws the curves anew."""
        line = json.dumps({"step": self.step, "minutes": round(self.elapsed / 60, 2)} | record)
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        print(line, flush=True)
        write_curves(self.out / "log.jsonl", self.out / "curves.png")

    def go(self) -> None:
        """Trains until the time or the steps are up, or until `stop`; saves what there is."""
        options = self.options
        held_out = HeldOut(options.check_clips, 3, 128, 128)
        feeder = Feeder(options.workers, Fronts(options.photographs, options.seed, options.clips), self.own)
        others = mp.get_context("spawn")
        progress, helped = others.Value("d", self.progress), others.Value("q", 0)
        if options.trainers > 1:
            self.network.share_memory()
        helpers = [
            others.Process(target=help_out, args=(self.network, options, i, self.step, progress, helped), daemon=True)
            for i in range(1, options.trainers)
        ]
        for helper in helpers:
            helper.start()
        losses: list[float] = []
        seen = 0
        next_check, next_save = self.elapsed + 60 * options.check_every, self.elapsed + 60 * options.save_every
        try:
            while self.progress < 1 and not self.stopping:
                feeder.progress.value = progress.value = self.progress
                rate = rate_at(self.step, progress.value, options.rate)
                losses.append(learn(self.network, self.optimizer, feeder.next(), rate, progress.value, options))
                follow(self.average, self.network, self.step)
                self.own += 1
                self.step += 1 + helped.value - seen
                seen = helped.value
                if self.elapsed >= next_check:
                    next_check = self.elapsed + 60 * options.check_every
                    scores, pictures = measure(self.average, held_out, self.device)
                    save_pictures(pictures, self.out / "latest.png")
                    self.log(loss=sum(losses) / len(losses), rate=rate, own=self.own, **scores)
                    losses.clear()
                if self.elapsed >= next_save:
                    next_save = self.elapsed + 60 * options.save_every
                    self.save()
        finally:
            progress.value = 1.0
            feeder.close()
            for helper in helpers:
                helper.join(60)
        if self.stopping:
            print(f"Stopped at step {self.step}; --resume goes on from there.", flush=True)
        self.save()
        self.log(**measure(self.average, held_out, self.device)[0])


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the command line and trains until the end, or until SIGINT or SIGTERM, which save what there is."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--minutes", type=float, default=75, help="length of the whole run, resumed parts included")
    parser.add_argument("--steps", type=int, default=0, help="length of the whole run in steps, in place of --minutes")
    parser.add_argument("--start-from", default="", metavar="DIR", help="a model to start from in place of random weights")
    parser.add_argument("--out", required=True, help="folder for checkpoint, log, pictures and export")
    parser.add_argument("--resume", action="store_true", help="go on from the folder's checkpoint")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=1, help="of a trainer, on a CPU")
    parser.add_argument("--trainers", type=int, default=1, help="processes that train the same weights, on a CPU")
    parser.add_argument("--workers", type=int, default=0, help="processes that generate clips; 0: the trainers do")
    parser.add_argument("--photographs", default="", metavar="DIR", help="pictures for backgrounds: see photographs.py")
    parser.add_argument("--clips", type=int, default=1, help="clips in a batch")
    parser.add_argument("--rate", type=float, default=5e-4, help="peak learning rate")
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16 (weights stay in fp32)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check-clips", type=int, default=16, help="held-out clips a check")
    parser.add_argument("--check-every", type=float, default=3, help="minutes")
    parser.add_argument("--save-every", type=float, default=8, help="minutes")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    run = Run(options)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, run.stop)
    run.go()


if __name__ == "__main__":
    main()
