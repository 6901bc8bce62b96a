# What ci/demo and ci/check share; they source it after setting top, the checkout.
# shellcheck shell=sh disable=SC2154

export LC_ALL=C.UTF-8

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "error: $*"
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# missing_packages KIND...: print the Debian packages of these kinds in ci/packages that are not there.
missing_packages() {
	for kind in "$@"; do
		while read -r of package command; do
			[ "$of" = "$kind" ] || continue
			[ -z "$command" ] || ! command -v "$command" >/dev/null || continue
			dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
				printf ' %s' "$package"
		done <"$top/ci/packages"
	done
}

# install_packages KIND...: install them.
install_packages() {
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	say "installing$missing"
	# Servers are wanted as programs only: a policy keeps Debian from starting them on their usual ports.
	policy=/usr/sbin/policy-rc.d
	if [ -e $policy ]; then
		policy=
	else
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
		as_root chmod 755 $policy
	fi
	log=$(mktemp)
	# shellcheck disable=SC2086
	if { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -y --no-install-recommends install $missing; } >"$log" 2>&1 </dev/null; then
		installed=yes
	else
		installed=no
		tail -n 20 "$log" >&2
	fi
	rm -f "$log"
	[ -z "$policy" ] || as_root rm -f $policy
	[ $installed = yes ] || die "apt-get could not install the packages"
}

# copy_source DIR: bring DIR up to date with the checkout, but for what a build or a demo leaves in it.
# Building from a copy keeps the checkout clean and works where somebody has run ./configure in it.
copy_source() {
	mkdir -p "$1"
	tar -C "$top" -cf - --exclude=./.git --exclude=./var --exclude=./build --exclude=./config.status \
		--exclude=./Makefile --exclude=./configure --exclude=./Makefile.in --exclude=./aclocal.m4 \
		--exclude=./autom4te.cache --exclude=./build-aux --exclude='*.o' --exclude='*.a' --exclude=.deps \
		--exclude=.dirstamp --exclude=__pycache__ --exclude=node_modules . | tar -C "$1" -xf -
	[ -x "$1/configure" ] || (cd "$1" && autoreconf -i)
}
