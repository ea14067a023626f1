"""Find in a prompt which scene, light, weather and camera move a sample clip takes."""

from __future__ import annotations

import re
from collections.abc import Mapping

SCENES: Mapping[str, str] = {
    "sea": "sea seas ocean* beach* wave* coast* island* harbo* lake* river* boat* ship* sail* surf* whale* dolphin* "
    "fish* lighthouse* "
    "mar océano playa barco ola lago río mer océan plage bateau vague lac meer ozean strand boot schiff welle* praia "
    "mare spiaggia barca "
    "море океан* пляж* лодк* корабл* волн* озер* بحر قارب שמש ים 海 湖 船 波 浜 河 바다 배 파도 समुद्र",
    "forest": "forest* wood woods jungle* tree* leaf leaves garden* meadow* fox* deer* bear* bird* owl* fairy* moss* park "
    "bosque* selva árbol* forêt* arbre* wald wälder baum bäume floresta* foresta* bosco лес леса лесу дерев* غابة יער 森 "
    "林 树 木 숲 나무 जंगल",
    "city": "city cities street* town* urban skyline* building* skyscraper* neon* car cars taxi* traffic* tokyo* york "
    "paris london* subway* "
    "cyberpunk* robot* downtown* bridge* ciudad* calle* ville* rue stadt straße* cidade* rua città strada город* улиц* "
    "مدينة شارع עיר רחוב "
    "城 街 都市 ネオン 도시 거리 शहर",
    "space": "space* planet* star stars galax* astronaut* rocket* moon* mars nebula* cosm* orbiting alien* spaceship* comet* "
    "espacio planeta* estrella* espace étoile* weltraum stern* universo spazio космос* планет* звезд* فضاء נجوم חלל 宇宙 "
    "太空 星 우주 별 अंतरिक्ष",
    "desert": "desert deserts dune* sand sandy camel* cactus* sahara* canyon* oasis western arid desierto* duna* arena "
    "désert* sable wüste* "
    "deserto* sabbia пустын* песк* песок صحراء מדבר 沙漠 砂漠 砂 사막 रेगिस्तान",
    "snow": "snow* winter* ice icy mountain* alps glacier* ski skis skiing polar* penguin* frozen frost* aurora* "
    "himalaya* peak peaks nieve "
    "invierno montaña* neige hiver montagne* schnee* berg berge neve inverno montanha* снег* снеж* зим* гор горы горах ثلج "
    "جبل שלג הר 雪 冬 山 눈 산 बर्फ पहाड़",
    "room": "room* kitchen* cafe* café* coffee table* window* desk* book* bedroom* office* house home indoor* interior* "
    "sofa* lamp* cat cats "
    "kitten* studio* restaurant* bar tea cup library* plant* cuarto cocina gato chambre chat cuisine maison zimmer "
    "küche katze quarto gatto "
    "casa комнат* кухн* кот кошк* окн* غرفة قطة חדר חתול 部屋 猫 窓 房间 咖啡 방 고양이 कमरा बिल्ली",
    "abstract": "abstract* pattern* liquid* flow* gradient* particle* logo* fractal* smoke* silk* color* colour* shape* "
    "music* dance* "
    "abstracto abstrait* abstrakt* astratt* абстракт* تجريد 抽象 추상 अमूर्त",
}
"""Words of the prompt that choose a scene, in several languages; `*` stands for any ending."""

PLACES = "street* city cities sea ocean* beach* forest* desert deserts space* room* kitchen* abstract* winter* 街 海 森 宇宙 沙漠 雪 部屋"
"""Words that say where: they count twice."""

LIGHTS: Mapping[str, str] = {
    "night": "night* midnight* dark moonlit moonlight* star stars starry neon* aurora* noche nuit nacht nächt* noite "
    "notte ноч* ليل الليل לילה 夜 밤 रात",
    "dusk": "dusk* dawn* sunset* sunrise* golden twilight* evening* atardecer amanecer ocaso coucher crépuscule aube "
    "abend* sonnenuntergang* "
    "pôr tramonto alba закат* рассвет* вечер* غروب שקיעה 夕 黄昏 日落 노을 शाम",
    "day": "day daylight* sunny noon* morning* midday* bright sunshine* día soleado jour matin tag sonnig* morgen dia "
    "manhã giorno mattina "
    "день днем утр* солнечн* نهار يوم 昼 朝 白天 晴 낮 아침 दिन सुबह",
}
WEATHERS: Mapping[str, str] = {
    "rain": "rain* storm* drizzl* wet umbrella* lluvia* tormenta pluie orage regen* gewitter chuva* pioggia* дожд* "
    "гроз* مطر גשם 雨 비 बारिश",
    "snow": "snow* blizzard* winter* nieve neige schnee* neve снег* снеж* ثلج שלג 雪 눈이 बर्फ",
    "fog": "fog* mist* haz* smok* niebla brouillard* brume nebel* névoa nebbia туман* ضباب ערפל 霧 雾 안개 कोहरा",
}
RINGS = "ring rings ringed saturn* anillo* anneau* anel anéis anell* кольц* 環 环 輪"
"""Words that give the planet in space its ring; without one of them chance decides."""
MOVES: Mapping[str, str] = {
    "out": "pull* retreat* zooms-out zoom-out dolly-out zoomout alej* recul* entfern* отъезд* 引き 拉远 줌아웃",
    "in": "zoom* dolly* push* closer close-up closeup acerc* approch* näher* heran* приближ* наезд* ズーム 推近 推进 줌",
    "orbit": "orbit* circl* around arc* revolv* rotat* gira* órbita tourn* umkreis* kreis* облет* вращ* 回り込 周回 环绕 궤도",
    "left": "left pan-left izquierda gauche links esquerda sinistra влево 左",
    "right": "pan panning pans right sideways panorám* panoram* schwenk* derecha droite rechts direita destra панорам* "
    "вправо パン 右 平移 팬",
    "up": "tilt* crane* rise* rises rising ascend* arriba hoch вверх 上昇 升 위로",
}
"""Camera moves, the first that the prompt names counts. `out` also where a word of `in` is followed by "out"."""


def count_words(text: str, words: str) -> int:
    """Return how many words of the text are among these; words of Chinese, Japanese and Korean are found inside of others."""
    lowered = text.lower()
    return sum(1 for word in words.split() if _is_in(word, lowered))


def choose_scene(text: str) -> str | None:
    """Return the scene that most words of the text stand for; None where no word stands for any."""
    places = [word for word in PLACES.split() if _is_in(word, text.lower())]
    found = {scene: count_words(text, words) + sum(word in words.split() for word in places) for scene, words in SCENES.items()}
    best = max(found, key=lambda scene: found[scene])
    return best if found[best] else None


def choose_word(text: str, table: Mapping[str, str]) -> str | None:
    """Return the first name of the table with a word in the text."""
    return next((name for name, words in table.items() if count_words(text, words)), None)


def choose_move(text: str) -> str | None:
    """Return the camera move that the text names."""
    if re.search(r"\b(?:zoom|dolly|pull|push)\w*\s+(?:back|out|away)\b", text.lower()):
        return "out"
    return choose_word(text, MOVES)


def _is_in(word: str, lowered: str) -> bool:
    stem = word.rstrip("*")
    if stem[0] >= "\u2e80":
        return stem in lowered
    return re.search(rf"(?<!\w){re.escape(stem)}" + (r"" if word.endswith("*") else r"(?!\w)"), lowered) is not None
