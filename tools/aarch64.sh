#!/usr/bin/env bash
# Cross-compile for aarch64 and hold the result against the truth, under an emulator:
#
#     make aarch64                                    # accuracy, then tests/test_limits.py
#     make aarch64 TESTS="tests/test_laws.py -x"      # accuracy, then other tests
#
# Needs Debian or Ubuntu with g++-aarch64-linux-gnu and qemu-user; apt-get serves as a downloader
# only, and nothing is installed.  All of it lies in build/aarch64, whose `python` is that of an
# aarch64 machine.  PYTHON is a Python of this machine that has the package and its tests' needs.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
TESTS=${TESTS:-tests/test_limits.py}
HERE=$PWD/build/aarch64
ROOT=$HERE/root

for program in aarch64-linux-gnu-g++ qemu-aarch64 apt-get dpkg; do
  command -v "$program" >/dev/null || {
    echo "$0: needs $program: apt-get install g++-aarch64-linux-gnu qemu-user" >&2
    exit 2
  }
done

# A Python for aarch64, unpacked: apt-get with a state of its own, in which nothing is installed.
if [ ! -x "$ROOT/usr/bin/python3" ]; then
  mkdir -p "$HERE"/apt/{lists,cache/archives}/partial
  : > "$HERE/apt/status"
  foreign() {
    apt-get -qq -o "Dir::State=$HERE/apt" -o "Dir::State::status=$HERE/apt/status" \
      -o "Dir::State::lists=$HERE/apt/lists" -o "Dir::Cache=$HERE/apt/cache" \
      -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User= "$@"
  }
  foreign update
  foreign --yes --no-install-recommends --download-only install python3-dev libstdc++6
  rm -rf "$ROOT" "$HERE/root.part"
  mkdir "$HERE/root.part"
  for package in "$HERE"/apt/cache/archives/*.deb; do
    dpkg --extract "$package" "$HERE/root.part"
  done
  mv "$HERE/root.part" "$ROOT"
fi

# A script, so that sys.executable names something that this machine can start.
cat > "$HERE/python" <<END
#!/bin/sh
export PYTHONHOME=$ROOT/usr PYTHONPATH=$HERE/package:$HERE/site PYTHONDONTWRITEBYTECODE=1
exec qemu-aarch64 -L $ROOT -0 $HERE/python $ROOT/usr/bin/python3 "\$@"
END
chmod +x "$HERE/python"

if [ ! -d "$HERE/site" ]; then
  version=$(PYTHONPATH='' "$HERE/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  platforms=(manylinux_2_28_aarch64 manylinux_2_27_aarch64 manylinux2014_aarch64)
  rm -rf "$HERE/site.part"
  "$PYTHON" -m pip install --quiet --constraint constraints.txt --target "$HERE/site.part" \
    --only-binary :all: --implementation cp --python-version "$version" \
    "${platforms[@]/#/--platform=}" numpy scipy ml_dtypes mpmath pytest hypothesis click rich
  mv "$HERE/site.part" "$HERE/site"
fi
if [ ! -x "$HERE/tools/bin/meson" ]; then
  "$PYTHON" -m venv "$HERE/tools"
  "$HERE/tools/bin/python" -m pip install --quiet --constraint constraints.txt meson ninja
fi

# idirafter: Debian keeps the machine's pyconfig.h outside of the folder that sysconfig names.
cat > "$HERE/cross.ini" <<END
[binaries]
cpp = 'aarch64-linux-gnu-g++'
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
python = '$HERE/python'
numpy-config = ['$HERE/python', '-m', 'numpy._configtool']
exe_wrapper = ['qemu-aarch64', '-L', '$ROOT']
[built-in options]
cpp_args = ['-idirafter', '$ROOT/usr/include']
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
export PATH=$HERE/tools/bin:$PATH
rm -rf "$HERE/meson" "$HERE/package"
meson setup --cross-file "$HERE/cross.ini" "$HERE/meson" > "$HERE/meson.log" ||
  { cat "$HERE/meson.log" >&2; exit 1; }
ninja -C "$HERE/meson"
mkdir "$HERE/package"
cp -r src/ogive "$HERE/package/"
rm -f "$HERE"/package/ogive/_core*.so
cp "$HERE"/meson/_core*.so "$HERE/package/ogive/"

export OMP_NUM_THREADS=1
"$HERE/python" -c 'import platform, ogive; ogive.show_config(); print(platform.machine())'
"$PYTHON" tests/check_accuracy.py --save "$HERE/exact.npz"
"$HERE/python" tests/check_accuracy.py --exact "$HERE/exact.npz"
# shellcheck disable=SC2086 # a list of words
"$HERE/python" -m pytest -q -p no:cacheprovider $TESTS
