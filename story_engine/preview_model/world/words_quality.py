"""What people call flaws, and the praise that means only that there are none."""

from __future__ import annotations

from story_engine.preview_model.world.words import Words

DEGRADATIONS: dict[str, Words] = {
    "ugly": Words(
        (
            "丑陋", "丑", "难看", "难看的", "低质量", "糟糕的质量", "最差质量", "质量差", "粗糙", "劣质", "画得很差",
            "丑陋的", "色情擦边",
        ),
        (
            "ugly", "low quality", "worst quality", "bad quality", "poorly drawn", "bad art", "poor quality",
            "unattractive", "poorly drawn face", "amateur", "normal quality", "nsfw", "bad drawing",
        ),
    ),
    "deformed": Words(
        (
            "变形", "扭曲", "畸形", "多余的手指", "扭曲的手指", "变形的", "肢体扭曲", "多余的肢体", "缺少手指", "残缺",
            "扭曲变形", "多余的手", "错误的手指", "解剖错误", "比例失调", "畸形的手", "身体变形", "断肢",
        ),
        (
            "deformed", "distorted", "extra fingers", "bad anatomy", "disfigured", "malformed", "mutated",
            "twisted fingers", "missing fingers", "extra limbs", "bad hands", "fused fingers", "bad proportions",
            "mutated hands", "warped", "twisted", "mutation", "missing limbs", "deformed hands", "missing arms",
            "extra arms", "too many fingers", "bad fingers",
        ),
    ),
    "noisy": Words(
        ("嘈杂", "噪点", "杂乱", "噪声", "颗粒感", "有噪点", "杂点", "斑点", "杂乱的", "嘈杂的", "混乱", "脏"),
        (
            "noisy", "noise", "grainy", "grain", "cluttered", "messy", "speckled", "film grain", "artifacts",
            "jpeg artifacts",
        ),
    ),
    "blurry": Words(
        (
            "模糊", "模糊不清", "失焦", "低分辨率", "虚焦", "朦胧", "模糊的", "不清晰", "低清晰度", "不清楚",
            "画面模糊", "像素低",
        ),
        (
            "blurry", "blur", "blurred", "out of focus", "lowres", "low resolution", "low res", "unclear", "fuzzy",
            "low-res", "soft focus",
        ),
    ),
    "low_contrast": Words(
        (
            "低对比度", "对比度低", "灰蒙蒙", "褪色", "发灰", "暗淡", "平淡", "对比度不足", "色彩暗淡", "颜色发灰",
            "灰暗",
        ),
        (
            "low contrast", "low-contrast", "washed out", "dull", "faded", "dull colours", "dull colors",
            "flat lighting", "desaturated", "hazy",
        ),
    ),
}  # fmt: skip
"""`none` has no words: a picture without flaws is the rule."""

NEGATIVE_EXTRAS = Words(
    ("水印", "文字", "签名", "裁剪", "重复", "过曝", "恐怖", "血腥", "多余的人", "低画质"),
    (
        "watermark", "text", "signature", "cropped", "duplicate", "overexposed", "logo", "username", "error", "jpeg",
        "black and white", "monochrome", "lowers", "out of frame", "gross", "horror",
    ),
)  # fmt: skip
"""What negative lists also hold and no drawing shows; said only beside a flaw."""

QUALITY = Words(
    (
        "高清", "精美", "杰作", "高质量", "最佳质量", "细节丰富", "画质精美", "精致", "高分辨率", "唯美", "超高清",
        "清晰", "色彩鲜艳", "大师作品", "高对比度", "构图完美", "超级细节", "电影感", "柔和的光线", "干净的画面",
        "漂亮的画面", "精细", "高品质", "画面精美", "光影", "氛围感", "治愈", "温馨的氛围", "色彩明亮", "清晰的线条",
    ),
    (
        "masterpiece", "best quality", "high quality", "highly detailed", "detailed", "8k", "4k", "hd",
        "high resolution", "beautiful", "super detail", "sharp", "vivid colours", "vivid colors", "soft lighting",
        "soft colors", "cinematic lighting", "clean lines", "ultra detailed", "intricate details", "sharp focus",
        "bright colours", "bright colors", "well drawn", "professional", "high contrast", "crisp", "award winning",
        "beautiful lighting", "cinematic", "perfect composition", "stunning", "hdr", "light and dark contrast",
    ),
)  # fmt: skip
"""Words of praise: they mean only that nothing is wrong with the drawing."""
