"""How the entries call data sets and networks."""

from __future__ import annotations

DATA = {
    "rafdb": "RAF-DB",
    "affectnet7": "AffectNet with seven classes",
    "affectnet": "AffectNet with eight",
    "fer2013": "FER2013",
    "ckplus": "CK+",
    "mmi": "MMI",
    "oulu-casia": "Oulu-CASIA",
    "jaffe": "JAFFE",
    "sfew": "SFEW",
}
NETWORKS = {
    "resnet50": "ResNet-50",
    "efficientnet_b2": "EfficientNet-B2",
    "dan": "DAN",
    "ddamfn": "DDAMFN",
}
