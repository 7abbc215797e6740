"""The Python face of mien: what the command line does, as functions. Importing it loads no torch."""

from mien.api.extras import need_serve_extra, need_train_extra
from mien.api.finetuning import finetune
from mien.api.models import create_method, export, export_smaller, load, open_predictor
from mien.api.recipes import examples_folder, list_recipes, load_recipe, recipe_folder
from mien.api.scoring import compare, evaluate, score
from mien.api.streaming import live
from mien.api.training import ablate, crossval, dry_run, fit, tune

__all__ = [
    "ablate",
    "compare",
    "create_method",
    "crossval",
    "dry_run",
    "evaluate",
    "examples_folder",
    "export",
    "export_smaller",
    "finetune",
    "fit",
    "list_recipes",
    "live",
    "load",
    "load_recipe",
    "need_serve_extra",
    "need_train_extra",
    "open_predictor",
    "recipe_folder",
    "score",
    "tune",
]
