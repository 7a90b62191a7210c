"""Sentences as vectors by a model of sentence-transformers, which has to be on this machine already."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import redirect_stderr
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import CapabilityError, ModelError
from ..roles import Vectors
from .shelf import known_sha256

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_WEIGHTS = ("*.safetensors", "*/*.safetensors")


class SentenceVectors:
    """A text embedder from a folder, as ``SentenceTransformer.save_pretrained`` writes it.

    Weights are read from safetensors only, and code that comes with a model is never run. Raises
    ``CapabilityError`` where the library or the folder is missing, and ``ModelError`` for a folder that
    cannot be loaded; both when the model is first used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def name(self) -> str:
        """The folder's name with the first digits of a hash over the weights."""
        weights = sorted({file for pattern in _WEIGHTS for file in self._folder.glob(pattern)})
        if not weights:
            raise CapabilityError(f"{self._folder}: no text embedding model here (no .safetensors file)")
        digest = hashlib.sha256()
        for file in weights:
            digest.update(bytes.fromhex(known_sha256(file)))
        return f"{self._folder.resolve().name}@{digest.hexdigest()[:12]}"

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self._model.get_embedding_dimension() or 0)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, dimension), of what may be searched for."""
        return self._embedded(list(texts), is_query=False)

    def embed_query(self, text: str) -> Vectors:
        """The unit vector (dimension,) of what somebody asks."""
        vector: Vectors = self._embedded([text], is_query=True)[0]
        return vector

    def _embedded(self, texts: list[str], is_query: bool) -> Vectors:
        encode = self._model.encode_query if is_query else self._model.encode_document
        try:
            vectors = encode(texts, normalize_embeddings=True, show_progress_bar=False)
        except RuntimeError as error:
            raise ModelError(f"{self._folder}: the text embedding model failed: {error}") from error
        return np.asarray(vectors, np.float32).reshape(len(texts), -1)

    @cached_property
    def _model(self) -> SentenceTransformer:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise CapabilityError(
                "sentence-transformers is not installed; run: pip install 'vidagent[text-vectors]'"
            ) from error
        if not (self._folder / "modules.json").is_file():
            raise CapabilityError(f"{self._folder}: no folder of a sentence-transformers model")
        try:
            # Transformers draws a bar for its weights.
            with redirect_stderr(StringIO()):
                return SentenceTransformer(
                    str(self._folder),
                    local_files_only=True,
                    trust_remote_code=False,
                    model_kwargs={"use_safetensors": True},
                )
        except Exception as error:  # whatever the parts of a damaged model make its libraries raise
            raise ModelError(f"{self._folder}: the text embedding model cannot be loaded: {error}") from error
