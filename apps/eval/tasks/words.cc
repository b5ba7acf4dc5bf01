#include "apps/eval/tasks/words.h"

#include <array>

namespace dynsplit::eval {
namespace {

constexpr std::array<std::string_view, 310> kNouns = {
    "anchor",   "apple",   "apron",     "arrow",    "autumn",    "badge",    "bakery",
    "balloon",  "bamboo",  "banjo",     "barrel",   "basket",    "beacon",   "beaver",
    "biscuit",  "blanket", "blossom",   "bottle",   "boulder",   "bracelet", "branch",
    "breeze",   "bridge",  "bronze",    "bubble",   "bucket",    "button",   "cabbage",
    "cactus",   "camera",  "canal",     "candle",   "canoe",     "canyon",   "carpet",
    "carrot",   "castle",  "cathedral", "cavern",   "ceiling",   "cello",    "cement",
    "chapel",   "cherry",  "chimney",   "circus",   "citizen",   "clarinet", "clock",
    "clover",   "coconut", "comet",     "compass",  "copper",    "coral",    "cottage",
    "cotton",   "cradle",  "crater",    "crayon",   "cricket",   "crystal",  "cupboard",
    "curtain",  "cushion", "daisy",     "desert",   "diamond",   "dolphin",  "dragon",
    "drawer",   "drum",    "eagle",     "easel",    "eclipse",   "elbow",    "elephant",
    "emerald",  "engine",  "envelope",  "estuary",  "fabric",    "falcon",   "feather",
    "fence",    "ferry",   "fiddle",    "flame",    "flute",     "forest",   "fossil",
    "fountain", "fox",     "galaxy",    "gallery",  "garden",    "garlic",   "gate",
    "gazelle",  "geyser",  "ginger",    "giraffe",  "glacier",   "glove",    "goblet",
    "grape",    "gravel",  "guitar",    "hammer",   "hammock",   "harbor",   "harvest",
    "hazel",    "hedge",   "helmet",    "heron",    "hinge",     "honey",    "horizon",
    "hotel",    "iceberg", "igloo",     "insect",   "iris",      "island",   "ivory",
    "jacket",   "jaguar",  "jasmine",   "jewel",    "jigsaw",    "journal",  "jungle",
    "kangaroo", "kayak",   "kennel",    "kettle",   "kiosk",     "kitchen",  "kite",
    "koala",    "ladder",  "lagoon",    "lantern",  "lavender",  "leather",  "lemon",
    "leopard",  "letter",  "library",   "lilac",    "lizard",    "llama",    "lobster",
    "locket",   "lotus",   "magnet",    "mango",    "mantle",    "maple",    "marble",
    "market",   "meadow",  "medal",     "melon",    "mirror",    "mitten",   "monkey",
    "mosaic",   "moth",    "mountain",  "mushroom", "napkin",    "necklace", "needle",
    "nest",     "nickel",  "nutmeg",    "oasis",    "oboe",      "ocean",    "olive",
    "onion",    "orchard", "orchid",    "organ",    "ostrich",   "otter",    "oven",
    "oyster",   "paddle",  "palace",    "panda",    "paper",     "parade",   "parrot",
    "peacock",  "pebble",  "pelican",   "pencil",   "penguin",   "pepper",   "piano",
    "pickle",   "pigeon",  "pillow",    "pirate",   "planet",    "plaza",    "plum",
    "pocket",   "pony",    "poppy",     "potato",   "prairie",   "prism",    "pulley",
    "pumpkin",  "puppet",  "puzzle",    "pyramid",  "quarry",    "quartz",   "quilt",
    "rabbit",   "radish",  "raft",      "rainbow",  "raven",     "ribbon",   "river",
    "robin",    "rocket",  "rooster",   "rudder",   "saddle",    "sailor",   "salmon",
    "sandal",   "satchel", "sausage",   "scarf",    "school",    "scooter",  "shadow",
    "shelf",    "shovel",  "shrimp",    "silver",   "skate",     "sketch",   "sleigh",
    "snail",    "spider",  "spinach",   "sponge",   "squash",    "squirrel", "stadium",
    "stairway", "statue",  "summit",    "sunset",   "swallow",   "table",    "tailor",
    "teapot",   "temple",  "theater",   "thimble",  "thistle",   "ticket",   "tiger",
    "timber",   "tomato",  "torch",     "tortoise", "tower",     "tractor",  "trumpet",
    "tulip",    "tunnel",  "turnip",    "turtle",   "umbrella",  "valley",   "vase",
    "velvet",   "village", "vineyard",  "violet",   "violin",    "volcano",  "voyage",
    "waffle",   "wagon",   "walnut",    "walrus",   "waterfall", "whale",    "wheat",
    "whistle",  "willow",  "window",    "winter",   "wizard",    "yacht",    "yogurt",
    "zebra",    "zipper"};

constexpr std::array<std::string_view, 166> kAdjectives = {
    "ancient",  "angry",    "anxious",  "awkward",  "bashful",  "bitter",   "blunt",    "bold",
    "brave",    "brief",    "bright",   "brisk",    "broken",   "bumpy",    "busy",     "calm",
    "careful",  "cheap",    "cheerful", "chilly",   "clever",   "clumsy",   "cozy",     "crimson",
    "crisp",    "crooked",  "cruel",    "curious",  "curly",    "dapper",   "daring",   "deep",
    "dizzy",    "dusty",    "eager",    "early",    "elegant",  "empty",    "exotic",   "faded",
    "faithful", "famous",   "fancy",    "fearless", "fierce",   "flat",     "fluffy",   "foggy",
    "formal",   "fragile",  "frozen",   "frugal",   "funny",    "gentle",   "giant",    "glad",
    "gloomy",   "graceful", "grand",    "greedy",   "grumpy",   "handsome", "happy",    "harsh",
    "heavy",    "hollow",   "huge",     "humble",   "hungry",   "icy",      "idle",     "jolly",
    "jovial",   "keen",     "large",    "lazy",     "lively",   "lonely",   "loud",     "loyal",
    "lucky",    "mellow",   "merry",    "mighty",   "modest",   "muddy",    "nervous",  "nimble",
    "noble",    "noisy",    "novel",    "patient",  "peaceful", "plain",    "playful",  "polite",
    "proud",    "purple",   "quaint",   "quiet",    "rapid",    "rare",     "restless", "robust",
    "rough",    "round",    "royal",    "rusty",    "salty",    "scarlet",  "secret",   "serious",
    "shabby",   "sharp",    "shiny",    "shy",      "silent",   "silky",    "simple",   "sleepy",
    "slender",  "slow",     "smooth",   "sneaky",   "snowy",    "solid",    "somber",   "sour",
    "spotted",  "steady",   "steep",    "sticky",   "stormy",   "strange",  "strict",   "sturdy",
    "subtle",   "sunny",    "sweet",    "swift",    "tall",     "tame",     "tender",   "thirsty",
    "thrifty",  "tidy",     "timid",    "tiny",     "tired",    "tranquil", "upset",    "urban",
    "useful",   "vague",    "vast",     "vivid",    "warm",     "weary",    "wicked",   "wild",
    "wise",     "witty",    "wooden",   "yellow",   "young",    "zany"};

}  // namespace

std::span<const std::string_view> Nouns() { return kNouns; }
std::span<const std::string_view> Adjectives() { return kAdjectives; }

}  // namespace dynsplit::eval
