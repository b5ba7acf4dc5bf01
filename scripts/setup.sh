#!/usr/bin/env bash
# Gets what building dynsplit needs and this machine lacks: Debian packages, ggml, the default
# model. Run it as often as you like: what is there stays, and nothing is done twice.
#
#   scripts/setup.sh                     everything for building and using dynsplit
#   scripts/setup.sh --dev               also clang-format, for the format check
#   scripts/setup.sh --eval              also the texts that dynsplit eval hides facts in
#   scripts/setup.sh --page              also a browser, for the test of the server's page
#   scripts/setup.sh --tsan              also a ggml with ThreadSanitizer, for the preset tsan
#   scripts/setup.sh --avx2              also a ggml without AVX-512, for the preset avx2
#   scripts/setup.sh --print-ggml-dir [--tsan | --avx2]   only says where ggml's CMake package is (CMake asks)
#
# Environment: DYNSPLIT_CACHE (default ~/.cache/dynsplit) is where ggml and models go;
# ggml_DIR=<prefix>/lib/cmake/ggml uses your own ggml and builds none.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# ggml's own releases are not on PyPI; llama-cpp-python's source package carries it. Why not the
# older one of libggml-python: docs/performance.md, "Which ggml".
GGML_VERSION=0.25.3
GGML_SOURCE=llama-cpp-python==0.3.36
GGML_SOURCE_SHA256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
# Where it cannot be built: ggml 0.20.2, built for any CPU with AVX2.
GGML_PREBUILT=libggml-python==0.20.2.post1
GGML_PREBUILT_SHA256=2808ac1a12f72ef2ab8565de634830b53cf3dac7b0c43a653e46ab44c47e4512
# The settings of llama.cpp's own builds: without OpenMP a small graph costs 10 to 30 times as much.
# ThreadSanitizer does not see the barriers of OpenMP's runtime, so tsan has ggml's own threads.
# -fno-dse: g++ 12 takes the stores of AMX's tile configuration for dead, and the products crash.
declare -A GGML_FLAGS=(
  [native]="-DGGML_NATIVE=ON -DGGML_LLAMAFILE=ON -DGGML_OPENMP=ON -DCMAKE_CXX_FLAGS=-fno-dse"
  [tsan]="-DGGML_NATIVE=ON -DGGML_OPENMP=OFF -DGGML_SANITIZE_THREAD=ON -DCMAKE_CXX_FLAGS=-fno-dse"
  [avx2]="$AVX2_CMAKE_FLAGS -DGGML_LLAMAFILE=ON -DGGML_OPENMP=ON -DCMAKE_CXX_FLAGS=-fno-dse"
)

PROGRAMS=(g++ cmake ninja ccache pkg-config)
PROGRAM_PACKAGES=(g++ cmake ninja-build ccache pkg-config)
LIBRARIES=(libhwy-dev libxxhash-dev liburing-dev libpcre2-dev libcli11-dev nlohmann-json3-dev libfmt-dev zlib1g-dev
           libcpp-httplib-dev prometheus-cpp-dev
           libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev)
# A book and program sources; apps/eval/tasks/haystack.cc reads these files of them.
TEXTS=(/usr/share/doc/jargon-text/jargon.txt.gz /usr/lib/python3.11/mailbox.py)
TEXT_PACKAGES=(jargon-text libpython3.11-stdlib)
# A browser and the program that drives it; a font for pictures of the page.
BROWSER=(chromium chromedriver)
BROWSER_PACKAGES=(chromium chromium-driver)
BROWSER_FONT=fonts-inter

installed() { [[ $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) == *" installed" ]]; }

# A program may come from anywhere; a library is looked for among Debian's packages.
missing_packages() {
  local i package
  for i in "${!PROGRAMS[@]}"; do
    command -v "${PROGRAMS[i]}" >/dev/null || echo "${PROGRAM_PACKAGES[i]}"
  done
  if ! (find_pip) >/dev/null 2>&1; then printf '%s\n' python3 python3-pip; fi
  if [[ $dev == 1 ]] && ! command -v clang-format-14 >/dev/null; then echo clang-format-14; fi
  for i in "${!BROWSER[@]}"; do
    if [[ $page == 1 ]] && ! command -v "${BROWSER[i]}" >/dev/null; then
      echo "${BROWSER_PACKAGES[i]}"
    fi
  done
  if [[ $page == 1 ]]; then installed "$BROWSER_FONT" || echo "$BROWSER_FONT"; fi
  for i in "${!TEXTS[@]}"; do
    if [[ $texts == 1 && ! -f ${TEXTS[i]} ]]; then echo "${TEXT_PACKAGES[i]}"; fi
  done
  for package in "${LIBRARIES[@]}"; do
    installed "$package" || echo "$package"
  done
}

install_packages() {
  if ! command -v apt-get >/dev/null; then
    say "no apt-get here: not Debian; taking it that these are there: ${LIBRARIES[*]}"
    return
  fi
  local missing sudo=()
  mapfile -t missing < <(missing_packages)
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null ||
      die "missing and no sudo; ask an administrator to run: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  say "installing Debian packages: ${missing[*]}"
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  local log; log=$(mktemp)
  # Images for containers leave out /usr/share/doc, where one of TEXTS is: dpkg may take its package
  # for installed, so what is missing is installed again.
  { "${apt[@]}" update &&
      "${apt[@]}" -o Dpkg::Options::="--path-include=/usr/share/doc/jargon-text/*" \
        install -y --reinstall --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    die "apt-get could not install: ${missing[*]}"
  }
  rm -f "$log"
  local text
  for text in "${TEXTS[@]}"; do
    [[ $texts == 0 || -f $text ]] || die "$text is still not there; does dpkg leave it out?"
  done
}

# The cached build is for one CPU and compiler: what -march=native means here is in the key.
ggml_home() {
  local variant=$1 cpu
  cpu=$(g++ -march=native -Q --help=target 2>/dev/null || cat /proc/cpuinfo)
  local key; key=$(printf '%s\n' "${GGML_FLAGS[$variant]}" "$(g++ -dumpfullversion -dumpmachine 2>/dev/null)" "$cpu" |
                     sha256sum | cut -c1-12)
  echo "$CACHE/ggml-$GGML_VERSION-$variant-$key"
}

# The prebuilt package has lib64 where a Debian build has lib.
ggml_cmake_dir() {
  local dir
  for dir in "$1"/*/lib*/cmake/ggml; do
    if [[ -f $dir/ggml-config.cmake ]]; then
      echo "$dir"
      return
    fi
  done
  return 1
}

# build_ggml FLAGS FOLDER: leaves ggml in FOLDER/whole.
build_ggml() {
  command -v g++ >/dev/null && command -v cmake >/dev/null || return 1
  printf '%s --hash=sha256:%s\n' "$GGML_SOURCE" "$GGML_SOURCE_SHA256" >"$2/requirements.txt"
  pip_quiet download --no-deps --no-binary llama-cpp-python --require-hashes \
    -r "$2/requirements.txt" -d "$2" || return 1
  mkdir "$2/source"
  tar -xzf "$2"/llama_cpp_python-*.tar.gz -C "$2/source" --strip-components=3 \
    --wildcards '*/vendor/llama.cpp/ggml' || return 1
  touch "$2/source/ggml/ggml.pc.in"  # left out of the package, and asked for by its CMake
  local launcher=()
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  # shellcheck disable=SC2086  # the flags are words
  { CC=gcc CXX=g++ cmake -S "$2/source/ggml" -B "$2/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
      -DCMAKE_INSTALL_PREFIX="$2/whole/ggml" -DCMAKE_INSTALL_LIBDIR=lib \
      -DCMAKE_INSTALL_RPATH='$ORIGIN' -DGGML_CCACHE=OFF -DGGML_BUILD_TESTS=OFF \
      -DGGML_BUILD_EXAMPLES=OFF "${launcher[@]}" $1 &&
      cmake --build "$2/build" --target install; } >"$2/build.log" 2>&1 </dev/null
}

fetch_prebuilt_ggml() {
  printf '%s --hash=sha256:%s\n' "$GGML_PREBUILT" "$GGML_PREBUILT_SHA256" >"$1/requirements.txt"
  # The libraries do not depend on the Python that the wheel is tagged for.
  pip_quiet download --no-deps --only-binary :all: --python-version 3.11 --require-hashes \
    -r "$1/requirements.txt" -d "$1"
  rm -rf "$1/whole"
  "$(find_pip)" -m zipfile -e "$1"/libggml_python-*.whl "$1/whole"
}

# provide_ggml VARIANT: built in a temporary folder and renamed, so that a folder of that name
# is always whole.
provide_ggml() {
  local variant=$1 home tmp
  home=$(ggml_home "$variant")
  if ggml_cmake_dir "$home" >/dev/null; then return; fi
  mkdir -p "$CACHE" || die "cannot write $CACHE; set DYNSPLIT_CACHE"
  exec 9>"$CACHE/ggml.lock"
  flock 9  # another run may be building the same
  if ggml_cmake_dir "$home" >/dev/null; then return; fi
  tmp=$(mktemp -d "$CACHE/ggml-new.XXXXXX")
  trap 'rm -rf "$tmp"' EXIT
  say "building ggml $GGML_VERSION ($variant): about two minutes on two cores"
  if ! build_ggml "${GGML_FLAGS[$variant]}" "$tmp"; then
    tail -n 15 "$tmp/build.log" >&2 2>/dev/null || true
    [[ $variant == native ]] || die "ggml ($variant) could not be built"
    say "WARNING: ggml could not be built here; fetching the prebuilt one (AVX2, no OpenMP):"
    say "WARNING: expect lower speed. Remove $home to try again."
    fetch_prebuilt_ggml "$tmp" || die "neither a built nor a prebuilt ggml; set ggml_DIR to your own"
  fi
  ggml_cmake_dir "$tmp/whole" >/dev/null || die "the ggml package holds no CMake package"
  rm -rf "$home"
  mv -T "$tmp/whole" "$home"
  rm -rf "$tmp"
  trap - EXIT
  exec 9>&-
}

dev=0 texts=0 page=0 print=0 variants=(native)
for argument in "$@"; do
  case $argument in
    --dev) dev=1 ;;
    --eval) texts=1 ;;
    --page) page=1 ;;
    --tsan | --avx2) variants+=("${argument#--}") ;;
    --print-ggml-dir) print=1 ;;
    *) sed -n '2,/^source/{/^source/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
  esac
done

if [[ $print == 1 ]]; then
  home=$(ggml_home "${variants[-1]}")
  ggml_cmake_dir "$home" || die "no ggml in $home; run scripts/setup.sh with the same flags"
  exit
fi

install_packages
if [[ -n ${ggml_DIR:-} ]]; then
  say "using your own ggml: $ggml_DIR"
else
  for variant in "${variants[@]}"; do provide_ggml "$variant"; done
fi
"$ROOT/scripts/get-model.sh" smollm2-135m >/dev/null
say "all there; next: scripts/build.sh"
