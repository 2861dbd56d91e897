#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Runs the README's commands on a fresh Debian or Ubuntu, which debootstrap makes in a folder:
#   scripts/fresh_machine.sh bookworm|trixie|noble [--folder FOLDER] [--mirror URL] [--keyring FILE] [command [argument...]]
# The command is run in a copy of the committed tree; without one, scripts/test.sh and then scripts/demo.sh. CXX and CMAKE_CXX_STANDARD
# are handed on to it, see scripts/test.sh. Needs root, debootstrap and git. The folder is build/fresh_<release> unless told; where it
# is from an earlier run its packages are there already: remove it for a machine that has none. The packages' mirror is the one of this
# system's own apt, if it is of the same distribution; the keys
# that they are signed with are where the distribution's keyring package puts them.
# Everything is mounted in a mount namespace of its own, which ends with the script: nothing stays mounted, whatever happens.
set -euo pipefail

usage="usage: fresh_machine.sh bookworm|trixie|noble [--folder FOLDER] [--mirror URL] [--keyring FILE] [command [argument...]]"
stop() {
  echo "fresh_machine.sh: $1" >&2
  exit "${2:-1}"
}

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
arguments=("$@")
release="${1:-}"
shift || true
case "$release" in
  bookworm | trixie) distribution=debian components=main keyring=debian-archive-keyring ;;
  noble) distribution=ubuntu components=main,universe keyring=ubuntu-archive-keyring ;;
  *) stop "$usage" 2 ;;
esac
folder="$root/build/fresh_$release"
mirror=""
keys="/usr/share/keyrings/$keyring.gpg"
while (($# > 0)); do
  case "$1" in
    --folder | --mirror | --keyring)
      if (($# < 2)) || [[ -z "$2" ]]; then stop "$1 needs a value; $usage" 2; fi
      case "$1" in
        --folder) folder="$(realpath -m -- "$2")" ;;
        --mirror) mirror="$2" ;;
        --keyring) keys="$(realpath -m -- "$2")" ;;
      esac
      shift 2
      ;;
    -*) stop "no option $1; $usage" 2 ;;
    *) break ;;
  esac
done

export PATH="$PATH:/usr/sbin:/sbin"
((EUID == 0)) || stop "chroot and mount need root: run it with sudo or as root"
for tool in debootstrap git unshare chroot; do
  command -v "$tool" > /dev/null || stop "$tool is missing (on Debian or Ubuntu: apt-get install $tool)"
done
if [[ "${FRESH_MACHINE_NAMESPACE:-}" != own ]]; then
  unshare --mount true || stop "this system lets nobody mount (a container without CAP_SYS_ADMIN?)"
  FRESH_MACHINE_NAMESPACE=own exec unshare --mount --propagation private -- "${BASH_SOURCE[0]}" "${arguments[@]}"
fi

# What apt here uses as a proxy debootstrap and apt there use too.
if [[ -z "${http_proxy:-}" ]] && command -v apt-config > /dev/null; then
  proxy=""
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  if [[ -n "$proxy" && "$proxy" != DIRECT ]]; then export http_proxy="$proxy"; fi
fi

if [[ -e "$folder" && ! -e "$folder/etc/fresh_machine" ]]; then
  stop "$folder is there and not from an earlier run: remove it or give another --folder"
elif [[ -e "$folder" ]]; then
  there="$(< "$folder/etc/fresh_machine")"
  [[ "$there" == "$release" ]] || stop "$folder holds $there: remove it or give another --folder"
  echo "fresh_machine.sh: taking the $release in $folder again; remove it for a fresh one" >&2
else
  if [[ -z "$mirror" ]]; then
    os_release() { sed -n "s/^$1=//p" /etc/os-release | tr -d '"'; }
    id="$(os_release ID)"
    codename="$(os_release VERSION_CODENAME)"
    if [[ "$id" == "$distribution" ]] && command -v apt-get > /dev/null; then
      mirror="$(apt-get indextargets --format "\$(RELEASE) \$(COMPONENT) \$(REPO_URI)" 'Created-By: Packages' |
        awk -v release="$codename" '$1 == release && $2 == "main" && !found { print $3; found = 1 }')"
    fi
    [[ -n "$mirror" ]] || stop "this system's apt names no archive of $distribution: give one as --mirror URL"
  fi
  [[ -r "$keys" ]] || stop "$keys, the keys that $release is signed with, can not be read: install ${keyring/ubuntu-archive/ubuntu}, or give one as --keyring FILE"
  # All releases of Ubuntu are made like the one that debootstrap calls gutsy; an older debootstrap does not know their names.
  script=()
  scripts="${DEBOOTSTRAP_DIR:-/usr/share/debootstrap}/scripts"
  if [[ "$distribution" == ubuntu && ! -e "$scripts/$release" ]]; then script=("$scripts/gutsy"); fi
  mkdir -p "$(dirname "$folder")"
  rm -rf --one-file-system "$folder.partial"
  debootstrap --variant=minbase --force-check-gpg --keyring="$keys" --components="$components" \
    "$release" "$folder.partial" "$mirror" "${script[@]}" ||
    stop "debootstrap could not make $release from $mirror; its log is $folder.partial/debootstrap/debootstrap.log"
  echo "$release" > "$folder.partial/etc/fresh_machine"
  mv "$folder.partial" "$folder"
fi

mount -t proc proc "$folder/proc"
mount --rbind /dev "$folder/dev"
cp --remove-destination -L /etc/resolv.conf "$folder/etc/resolv.conf"

tree="$folder/root/contrastive"
rm -rf --one-file-system "$tree"
mkdir -p "$tree"
trusting=(git -c "safe.directory=$root" -C "$root")  # under sudo the tree is another's
[[ -z "$("${trusting[@]}" status --porcelain)" ]] || echo "fresh_machine.sh: what is not committed is left out" >&2
"${trusting[@]}" archive HEAD | tar -x -C "$tree"

inside() {
  chroot "$folder" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM="${TERM:-dumb}" \
    LANG=C.UTF-8 ${http_proxy:+"http_proxy=$http_proxy"} ${CXX:+"CXX=$CXX"} \
    ${CMAKE_CXX_STANDARD:+"CMAKE_CXX_STANDARD=$CMAKE_CXX_STANDARD"} bash -c 'cd /root/contrastive && exec "$@"' bash "$@"
}
if (($# > 0)); then
  inside "$@"
else
  inside scripts/test.sh
  inside scripts/demo.sh
fi
