#!/bin/bash
# install.sh demo|test|bench: installs the Debian packages that a target needs and that are missing.
# No packaged service is started. Without root it only says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "install: $*" >&2; }

# program=package; a path is looked for as a file (patterns allowed)
case "${1:-}" in
demo) needs=(swaks=swaks) ;;
test) needs=(chromium=chromium swaks=swaks /usr/lib/postgresql/*/bin/initdb=postgresql /usr/sbin/postfix=postfix /usr/sbin/dovecot=dovecot-imapd) ;;
bench) needs=(/usr/sbin/postfix=postfix smtp-source=postfix /usr/sbin/dovecot=dovecot-imapd /usr/lib/dovecot/lmtp=dovecot-lmtpd python3=python3) ;;
*) say "usage: install.sh demo|test|bench"; exit 2 ;;
esac

for tool in go node npm; do
	command -v $tool >/dev/null || { say "$tool is missing: Holdover is built with Go 1.26 and Node.js 20 or later"; exit 1; }
done

there() { if [[ $1 == /* ]]; then compgen -G "$1" >/dev/null; else PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null; fi; }

missing=()
for need in "${needs[@]}"; do
	there "${need%%=*}" || [[ " ${missing[*]-} " == *" ${need#*=} "* ]] || missing+=("${need#*=}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	# swaks is only what the demo's hints use: everything runs without it.
	if [ "$1" = demo ]; then
		say "the hints use ${missing[*]}; install it with: apt-get install ${missing[*]}"
		exit 0
	fi
	say "missing Debian packages: ${missing[*]}. Install them as root: apt-get install ${missing[*]}"
	exit 1
fi

# invoke-rc.d asks policy-rc.d; 101 means that no packaged service is started.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
	trap 'rm -f $policy' EXIT
fi
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf

say "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
	tail -20 "$log" >&2
	say "apt-get could not install ${missing[*]}; its full output is in $log"
	exit 1
fi
rm -f "$log"
