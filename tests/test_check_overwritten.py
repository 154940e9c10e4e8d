"""Programs that write over entries of an array: masks of ReLUs, classes that are taken off."""

from __future__ import annotations

import pytest
from judged import verdicts

BATCH = """
```{language}
hidden_layer = np.maximum(0, np.dot(X, W1) + b1)
scores = np.dot(hidden_layer, W2) + b2
probs = softmax(scores)
loss = -np.sum(Y * np.log(probs)) / m
dscores = (probs - Y) / m
dW2 = np.dot(hidden_layer.T, dscores)
dhidden = np.dot(dscores, W2.T)
dhidden[hidden_layer <= 0] = 0
dW1 = np.dot(X.T, dhidden)
db1 = np.sum(dhidden, axis=0, keepdims=True)
```
"""


@pytest.mark.parametrize("language", ["python", ""])
def test_a_masked_gradient_is_that_of_the_layer_below(language: str) -> None:
    text = BATCH.replace("{language}", language)
    found = verdicts(text)
    assert [found[line] for line in (7, 8, 9, 11, 12)] == ["ok"] * 5
    assert verdicts(text.replace("np.dot(X.T, dhidden)", "np.dot(X.T, -dhidden)"))[11] == "wrong"


def test_a_mask_that_is_left_out_is_not_passed() -> None:
    text = BATCH.replace("{language}", "python").replace("dhidden[hidden_layer <= 0] = 0\n", "\n")
    assert verdicts(text)[11] in ("wrong", "unknown")


SHARES = """
```python
Z1 = np.dot(W1, X) + b1
A1 = np.maximum(0, Z1)
Z2 = np.dot(W2, A1) + b2
A2 = 1 / (1 + np.exp(-Z2))
cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
dZ2 = A2 - Y
dA1 = np.dot(W2.T, dZ2)
dZ1 = {copy}
dZ1[Z1 <= 0] = 0
dW1 = np.dot(dZ1, X.T) / m
db1 = np.sum(dZ1, axis=1, keepdims=True) / m
```
"""


@pytest.mark.parametrize("copy", ["np.array(dA1, copy=True)", "dA1.copy()", "dA1"])
def test_who_has_the_share_of_an_example_does_not_matter_to_a_mask(copy: str) -> None:
    found = verdicts(SHARES.replace("{copy}", copy))
    assert found[12] == found[13] == "ok"
    assert "wrong" not in found.values()


def test_a_mask_turned_round_is_wrong() -> None:
    text = SHARES.replace("{copy}", "dA1").replace("Z1 <= 0", "Z1 >= 0")
    assert verdicts(text)[11] == "wrong"


PICKED = """
```
P = softmax(X @ W + b, axis=1)
loss = -np.sum(np.log(P[np.arange(N), y])) / N
S = X @ W + b
```

```
S = X @ W + b
P = softmax(S, axis=1)
loss = -np.sum(np.log(P[np.arange(N), y])) / N
dS = P.copy()
dS[np.arange(N), y] -= 1
dS /= N
dW = X.T @ dS
```
"""


def test_a_copy_from_which_the_class_is_taken_off_is_one_gradient() -> None:
    found = verdicts(PICKED)
    assert found[14] == found[15] == "ok"
    assert verdicts(PICKED.replace("-= 1", "+= 1"))[14] == "wrong"


def test_a_number_behind_a_gradient_counts_layers() -> None:
    text = BATCH.replace("{language}", "python").replace(
        "dW2 = np.dot(hidden_layer.T, dscores)", "db = 3"
    )
    text = text.replace(
        "dhidden = np", "db2 = np.sum(dscores, axis=0, keepdims=True)\ndhidden = np"
    )
    assert verdicts(text)[9] in ("ok", "unknown")
