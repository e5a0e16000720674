"""What programs leave around a translation: their thoughts, greetings, notes, fences, provenance, refusals, failures.

The kinds, and where they were met:
- thoughts: `<think>` of reasoning models (DeepSeek-R1, Qwen3), left in when the answer is not parsed;
- greetings and closings: chat models' habits ("Here is the translation", 好的，以下是…, 希望对您有帮助), as in
  published translations of papers;
- fences and headings: an answer in Markdown (```markdown, ### 中文翻译, **译文**：);
- notes: 注：, 说明：, 请注意 at the end of an answer;
- provenance: 由 … 生成, Translated by …;
- refusals and failures: 抱歉，我无法…, As an AI language model, <翻译失败>, Error: …, (原文截断).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_LABEL = (
    r"(?:中文|论文|英文|原文|摘要|全文|以下|译者)*\s*(?:摘要|翻译|译文|标题|翻譯|譯文)\s*(?:结果|内容"
    r"|版本|如下|如下所示|部分|如下为)?"
)
_MODEL = (
    r"(?:ChatGPT|GPT[-\w.]*|DeepSeek[-\w.]*|Claude[-\w.]*|Gemini[-\w.]*|Qwen[-\w.]*|Kimi|文心一言"
    r"|通义千问|豆包|Google\s*(?:翻译|Translate)|DeepL|有道|百度翻译|AI|人工智能|机器|大(?:语言)?模型)"
)
_PATTERNS = {
    "a model's thoughts": r"</?think(?:ing)?>|</?(?:answer|translation|output|response)>|<\|\w+\|>",
    "a greeting": (
        r"^\W{0,3}(?:Here\ is|Here's|Below\ is|The\ following\ is)\ (?:the|a|your)\ [\w ]{0,30}transl\w*"
        r"|^\W{0,3}(?:Sure|Certainly|Of\ course|Absolutely|Okay|OK)[,.!:]"
        r"|^\W{0,3}(?:好的|当然(?:可以)?|没问题|可以的|明白了|收到)\s*[，,！!。：:]"
        r"|^\W{0,3}(?:以下|下面|这)(?:就?是|为)[^。\n]{0,24}(?:翻译|译文|中文|摘要)[^。\n]{0,12}[：:]"
    ),
    "a fence": r"^\s*(?:```|~~~).*$",
    "a heading": rf"^\s*\#{{1,6}}\s*{_LABEL}\s*[：:]?\s*$|^\s*\*\*\s*{_LABEL}\s*[：:]?\s*\*\*\s*[：:]?"
    rf"|^\s*[【\[「]?{_LABEL}[】\]」]?\s*[：:]"
    r"|^\s*\#{1,6}\s*論文摘要翻譯|^(?:Translation|Chinese\ (?:translation|abstract)|Abstract|Title)\s*[：:]",
    "a note": (
        r"^\W{0,3}(?:注|备注|译注|译者注|註)\s*[：:]|[(（](?:注|译注|译者注|译者按)\s*[：:]|^\W{0,3}(?:说明|提示|翻译说明)\s*[：:]"
        r"|^\W{0,3}请注意[，,：:][^。\n]{0,30}(?:翻译|译文|术语|原文)|^\W{0,3}Note\s*[：:]|[(（]Note\s*[：:]"
        r"|^[^。\n]{0,12}译文(?:力求|保留了|采用|遵循|中)"
    ),
    "a closing": (
        r"希望(?:这|以上|本|对)[^。\n]{0,16}(?:帮助|有用|满意)|如(?:果|有)[^。\n]{0,12}(?:需要|疑问|问题|其他)[^。\n]{0,24}(?:告诉我|告知|随时|联系|提供)"
        r"|请(?:随时)?告诉我|Let\ me\ know\ if|I\ hope\ this|Feel\ free\ to"
    ),
    "provenance": (
        rf"[由经]\s*{_MODEL}[^。，\n]{{0,12}}(?:自动)?(?:生成|翻译|翻譯|提供)|本(?:译文|文|翻译|摘要)由[^。，\n]{{0,24}}(?:生成|翻译)"
        rf"|(?:Translated|Generated|Powered)\s+by\s+\w+|^\W{{0,3}}(?:翻译|译者|机翻)\s*[：:]\s*{_MODEL}|仅供参考"
    ),
    "a refusal": (
        r"\bAs\ an\ AI\b(?:\ language)?\ ?(?:model|assistant)?|作为(?:一个|一名)?(?:AI|人工智能)(?:语言)?(?:模型|助手)"
        r"|^\W{0,3}(?:抱歉|对不起|很抱歉|非常抱歉)[，,]|\bI(?:'m|\ am)\ sorry\b|\bI\ can(?:not"
        r"|'t)\ (?:assist|help|translate)"
    ),
    "a failure": (
        r"[<（(\[]翻译(?:失败|出错|错误|超时|异常)[>）)\]]|^\s*翻译(?:失败|出错|错误|超时|异常)\W*$"
        r"|^\W{0,3}(?:Error|Exception|Traceback)\b\s*[：:(]|rate\ limit|请求(?:失败|超时|过于频繁)"
        r"|[(（]原文(?:截断|不完整|未完|至此)[^)）]{0,8}[)）]|[(（](?:未完待续|此处省略|原文缺失)[)）]|^\s*(?:None|null|undefined|N/A|TODO)\s*$"
    ),
}
_RESIDUE = re.compile(
    "|".join(f"(?P<k{n}>{one})" for n, one in enumerate(_PATTERNS.values())), re.IGNORECASE | re.MULTILINE | re.VERBOSE
)
_KINDS = {f"k{n}": kind for n, kind in enumerate(_PATTERNS)}


class Residue(NamedTuple):
    """What a program left in a text."""

    #: Such as a greeting.
    kind: str
    text: str
    #: From 0, within the text.
    start: int


def find_residue(text: str, english: str) -> Iterator[Residue]:
    """Find what a program left in a translation, in order; what the English says, too, is none."""
    for match in _RESIDUE.finditer(text):
        written = match[0].strip()
        if written and written.lower() not in english.lower() and not _is_of_the_paper(written, english):
            yield Residue(_KINDS[str(match.lastgroup)], written, match.start() + len(match[0]) - len(match[0].lstrip()))


def _is_of_the_paper(written: str, english: str) -> bool:
    """Check whether the English has the like: a note of the authors, or a paper about what models generate."""
    if written.strip("(（").startswith(("注", "Note", "备注")):
        return re.search(r"\bnote\b|\bN\.?B\.", english, re.IGNORECASE) is not None
    return (
        bool(re.search(r"生成|提供|翻译$", written))
        and re.search(r"generat|translat|produc|provid", english, re.IGNORECASE) is not None
    )
