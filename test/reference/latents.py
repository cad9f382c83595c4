"""Principal components of 2x2 patches by scikit-learn 1.9.1 -> recorded/latents.json.

The images are x / 8 - 1 of scikit-learn's digits [1797, 8, 8]; PCA(3) of all their patches (28,752 of 4 numbers).

  kept           share of the variance of the first 1, 2, 3 components
  reconstructed  the first image from its 3 components, [8, 8]

How to run: see recording.py.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from recording import numbers, save

images = load_digits().images / 8 - 1
patches = images.reshape(-1, 4, 2, 4, 2).transpose(0, 1, 3, 2, 4).reshape(-1, 4)
pca = PCA(3).fit(patches)
back = pca.inverse_transform(pca.transform(patches[:16])).reshape(4, 4, 2, 2).transpose(0, 2, 1, 3)
save("latents", {"kept": numbers(np.cumsum(pca.explained_variance_ratio_)), "reconstructed": numbers(back)})
