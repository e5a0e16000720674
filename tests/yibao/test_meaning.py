"""Meaning turned round, as one sentence beside its English shows it; examples of our own."""

import pytest

from yibao.records import SourceText
from yibao.translations import check, fidelity, markdown, quantities


def find_rules(english: str, chinese: str) -> set[str]:
    return {loss.rule for loss in fidelity.find_losses("A title", english, chinese, is_chinese=True)}


@pytest.mark.parametrize(
    ("english", "wrong", "right"),
    [
        (
            "Our cache is effective on unseen servers.",
            "我们的缓存在未知服务器上无效。",
            "我们的缓存在未知服务器上有效。",
        ),
        ("The task requires a large memory.", "该任务无需大容量内存。", "该任务需要大容量内存。"),
        ("The method works without the need for labels.", "该方法需要标签即可工作。", "该方法无需标签即可工作。"),
        ("Such agents still rely on rules.", "这类智能体不再依赖规则。", "这类智能体仍然依赖规则。"),
        ("This encoder can read long files.", "该编码器不可以读取长文件。", "该编码器可以读取长文件。"),
        ("Such models cannot generate music.", "这类模型能够生成音乐。", "这类模型不能生成音乐。"),
    ],
)
def test_a_denial_on_one_side_only_is_told(english, wrong, right):
    assert "negation-changed" in find_rules(english, wrong)
    assert "negation-changed" not in find_rules(english, right)


@pytest.mark.parametrize(
    ("english", "wrong", "right"),
    [
        ("Our index outperforms hash tables.", "我们的索引劣于哈希表。", "我们的索引优于哈希表。"),
        ("The corpus has over 500 books.", "语料库有低于 500 本书。", "语料库有超过 500 本书。"),
        ("It is faster than previous parsers.", "它比之后的解析器更快。", "它比之前的解析器更快。"),
        ("We study tool-augmented agents.", "我们研究工具削弱的智能体。", "我们研究工具增强的智能体。"),
        (
            "The cache improves accuracy and mitigates drift.",
            "该缓存降低了准确率，并缓解漂移。",
            "该缓存提高了准确率，并缓解漂移。",
        ),
    ],
)
def test_the_other_direction_is_told(english, wrong, right):
    assert "meaning-reversed" in find_rules(english, wrong)
    assert "meaning-reversed" not in find_rules(english, right)


def test_a_sign_bound_to_a_number_is_missed_where_no_word_says_it():
    english = r"Models of $\geq$70B parameters run 100$\times$ faster."
    assert "maths-missing" in find_rules(english, "700 亿（70B）参数的模型运行速度为 100。")
    assert "maths-missing" not in find_rules(english, "不少于 70B 参数的模型快 100 倍。")


def test_a_product_of_figures_is_two_numbers():
    english = r"It reads images of $1008\times 1008$ pixels."
    assert "number-missing" in find_rules(english, "它读取图像的像素。")
    assert "number-missing" not in find_rules(english, "它读取 1008×1008 像素的图像。")


def test_a_reference_to_an_item_and_a_symbol_with_a_number_are_no_list():
    assert not quantities.find_disorder("步骤（1）和（2）完成后，回到步骤（1）。最后是步骤（2），然后结束。")
    assert not quantities.find_disorder("我们研究 SU(3) 规范理论。")
    assert quantities.find_disorder("包括（1）数据、（3）模型。")


def test_a_quadratic_cost_is_no_two():
    english = "The distance between two files has quadratic cost."
    assert "number-changed" in find_rules(english, "五个文件之间的距离具有二次复杂度。")
    assert "number-changed" not in find_rules(english, "两个文件之间的距离具有二次复杂度。")


def test_marks_of_a_list_and_figures_in_names_count_nothing():
    english = "The R2D3 project has two aims: to be fast and to be small."
    assert "number-changed" in find_rules(english, "R2D3 项目有三个目标：一是快，二是小。")
    assert "number-changed" not in find_rules(english, "R2D3 项目有两个目标：一是快，二是小。")


def test_a_wrong_count_is_found_far_from_where_the_english_counts():
    english = "We train three models. The data are public. The code is open. The results are good. The cost is low."
    assert "number-changed" in find_rules(english, "我们训练模型。数据公开。代码开源。结果良好。五个模型的成本低。")
    assert "number-changed" not in find_rules(english, "我们训练模型。数据公开。代码开源。结果良好。三个模型的成本低。")


def test_a_title_too_short_to_be_weighed_is_known_by_its_name():
    own = SourceText(
        "Robust speech recognition in noise",
        "We propose a robust method for speech recognition. Experiments show a model of better accuracy on datasets.",
    )
    english = {"2501.00001": own, "2501.00002": SourceText("QuokkaNet", "We propose a network for image segmentation.")}

    def find(title: str) -> set[str]:
        text = "我们提出一种用于语音识别的鲁棒方法。实验表明，该模型提高了数据集上的准确率。"
        content = f"## {own.title}\n[{title}](https://arxiv.org/abs/2501.00001)\n\n{text}\n\n"
        content += "## QuokkaNet\n[袋鼠网](https://arxiv.org/abs/2501.00002)\n\n我们提出一种用于图像分割的网络。\n"
        document = markdown.parse_document(content.encode(), "a.md", "zh-Hans")
        return {one.rule for one in check.check_document(document, (), english, {}).problems}

    assert "other-title" in find("QuokkaNet")
    assert "other-title" not in find("鲁棒语音")
