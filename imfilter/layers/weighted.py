"""Stacks of layers, and where their arrays come from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imfilter._base import arguments
from imfilter.layers.base import Arrays
from imfilter.layers.files import load
from imfilter.layers.initialization import initial
from imfilter.layers.summary import Summary
from imfilter.layers.weights import checked


@dataclass(frozen=True)
class Weighted(Summary):
    """A sequence of layers, and where their arrays come from."""

    #: Names of the layers in files of PyTorch's own implementation, by the paths of the layers here.
    pytorch_names: Mapping[str, str] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pytorch_names is not None and not isinstance(self.pytorch_names, Mapping):
            raise TypeError(f"pytorch_names must be a mapping, got {arguments.brief(self.pytorch_names)}")

    def initial_weights(self, seed: int = 0) -> dict[str, Arrays]:
        """Return random weights to start training with.

        The weights of a layer are normally distributed. Their variance is 2/inputs before a 'relu' or 'relu6'
        (He), and 2/(inputs + outputs) otherwise (Glorot). Biases are 0. A `BatchNorm` has weights and
        variances of 1, biases and means of 0.

        Parameters
        ----------
        seed : int, optional
            Seed of the random numbers. Default 0.

        Returns
        -------
        dict
            The arrays of each layer by its name, in float32.

        Raises
        ------
        TypeError, ValueError
            If `seed` is not an integer of at least 0.

        References
        ----------
        X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
        2010.
        K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers", 2015.

        Examples
        --------
        >>> from imfilter.layers import networks
        >>> weight, bias = networks.lenet5().initial_weights()["c1"]
        >>> weight.shape, bias.shape
        ((6, 1, 5, 5), (6,))
        """
        return initial(self._sequence, self._leaves, arguments.integer(seed, "seed", least=0))

    def load_weights(
        self, path: str | os.PathLike[str], *, names: Mapping[str, str] | str | None = None
    ) -> dict[str, Arrays]:
        """Read the weights of all layers from a file.

        Parameters
        ----------
        path : str or path
            A file of NumPy (``.npz``), or a file of the package safetensors (``.safetensors``).
        names : mapping or 'pytorch', optional
            Names in the file by the names of the layers here, where they differ. 'pytorch' stands for the
            names of PyTorch's own implementation (torchvision), for networks that have one. Default: the same
            names.

        Returns
        -------
        dict
            The arrays of each layer by its name, for `forward` and `backward`. float16 and bfloat16 become
            float32.

        Raises
        ------
        ModuleNotFoundError
            If the package safetensors is needed and not installed.
        OSError
            If the file cannot be read, for example because there is none.
        TypeError
            If `path` or `names` has the wrong type.
        ValueError
            If the file has another format or is damaged, if an array is missing or left over, if it has
            another shape or does not contain real numbers, or if `names` does not fit.

        See Also
        --------
        torch.nn.Module.load_state_dict : The same for a module.

        Notes
        -----
        An array has the name of its layer, a dot, and ``weight``, ``bias``, ``running_mean`` or
        ``running_var``. Arrays with the name ``num_batches_tracked`` are not read.

        Examples
        --------
        >>> import os, tempfile
        >>> import numpy as np
        >>> from imfilter.layers import Dense, Stack
        >>> stack = Stack([Dense(1, name="fc")], input_shape=(2,))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "weights.npz")
        ...     np.savez(path, **{"fc.weight": [[1.0, 2.0]], "fc.bias": [3.0]})
        ...     weights = stack.load_weights(path)
        >>> stack.forward([1.0, 1.0], weights)
        array([6.])
        """
        if isinstance(names, str):
            arguments.word(names, "names", ("pytorch",))
            if self.pytorch_names is None:
                raise ValueError("names must be a mapping for a stack without pytorch_names, got 'pytorch'")
            names = self.pytorch_names
        elif names is not None and not isinstance(names, Mapping):
            raise TypeError(f"names must be 'pytorch' or a mapping, got {names!r}")
        return load(self._leaves, path, names)

    def _checked(self, weights: Any) -> dict[str, Arrays]:
        """Return the arrays of each layer that has some, checked."""
        return checked(self._leaves, weights, self._sequence.title_of)
