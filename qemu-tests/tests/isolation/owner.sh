#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# what: the owner of an instance: a former user with a kept node cannot open the instance of the next user
# cards: lab
# kernels: 7.3
# more: 6.1 6.12
# smp: 1

. /src/qemu-tests/tests/lib.sh

FORMER=20001
NEXT=20002
DENIED="Permission denied"
ETH_CTRL=0x10	# a register that keeps its value between users
SECRET=0x00000000600df00d

# as USER CMD...: run a command as a user without privilege
as()
{
	setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"
}

# control DEV USER UUID: value of the register, read through the nodes in DEV
control()
{
	VDFL_DEV=$1 as "$2" "$VDFLCTL" read "$3" $ETH_CTRL 2>&1 | awk '
		/^0x/ { print $NF; next }
		/: Permission denied$/ { print "Permission denied"; next }
		/^vdflctl: [^:]*: cannot/ { print }'
}

owner_attr()
{
	echo "$MDEV/$1/dfl/owner"
}

# keep_node NODE DIR: a copy of a node that the former user owns, as in a container
keep_node()
{
	local copy=$2/${1#/dev/}

	mkdir -p "$(dirname "$copy")"
	cp -a "$1" "$copy" && chown $FORMER "$copy"
}

cdev_of()
{
	echo "/dev/vfio/devices/$(cd "$MDEV/$1/vfio-dev" && echo vfio*)"
}

# numbers UUID: device numbers of the nodes
numbers()
{
	stat -c %t:%T "$(group_node "$1")"
	! has_cdev || stat -c %t:%T "$(cdev_of "$1")"
}

write_owner()	# UUID TEXT
{
	echo "$2" >"$(owner_attr "$1")"
}

load_module || bail "no module"
! has_cdev || modprobe iommufd || bail "no iommufd"
[ ! -e /dev/iommu ] || chmod 666 /dev/iommu
chmod 666 /dev/vfio/vfio
bdf=$(bind_card 0) || bail "the card does not bind"

# --- a node that the former user has kept ---------------------------------------

uuid=$(create_mdev "$bdf" eth-group-b0-o2000) || bail "no instance"
tap_is "new instance: no owner" "$(<"$(owner_attr "$uuid")")" none
"$VDFLCTL" give "$uuid" $FORMER >/dev/null || bail "no owner"
tap_is "give: the driver has the owner" "$(<"$(owner_attr "$uuid")")" $FORMER
mkdir -p /tmp/group/vfio /tmp/cdev/vfio
cp -a /dev/vfio/vfio /tmp/group/vfio/
keep_node "$(group_node "$uuid")" /tmp/group
if has_cdev; then
	cp -a /dev/iommu /tmp/cdev/
	keep_node "$(cdev_of "$uuid")" /tmp/cdev
fi
first=$(numbers "$uuid")
as $FORMER "$VDFLCTL" write "$uuid" $ETH_CTRL 0 || bail "the first owner cannot write"
remove_mdev "$uuid"

uuid=$(create_mdev "$bdf" eth-group-b0-o2000) || bail "no second instance"
tap_is "next instance: VFIO reuses the numbers of the nodes" \
	"$(numbers "$uuid")" "$first"
"$VDFLCTL" give "$uuid" $NEXT >/dev/null || bail "no next owner"
as $NEXT "$VDFLCTL" write "$uuid" $ETH_CTRL $SECRET || bail "the next owner cannot write"

tap_is "group: the former user cannot open through a kept node" \
	"$(control /tmp/group $FORMER "$uuid")" "$DENIED"
if has_cdev; then
	tap_is "device node: the former user cannot open through a kept node" \
		"$(control /tmp/cdev $FORMER "$uuid")" "$DENIED"
fi
tap_is "owner: opens the instance" "$(control /dev $NEXT "$uuid")" $SECRET
tap_is "root: opens the instance of another user" \
	"$(control /dev 0 "$uuid")" $SECRET
tap_like "root without CAP_SYS_ADMIN: cannot open" \
	"$(setpriv --bounding-set=-sys_admin "$VDFLCTL" read "$uuid" $ETH_CTRL 2>&1)" \
	"$DENIED"

# --- the attribute ----------------------------------------------------------------

client_start root "$uuid" || bail "root cannot open"
tap_ok "open instance: the owner can change" write_owner "$uuid" $FORMER
tap_is "open instance: the present user goes on" \
	"$(printf 0x%016x "$(client root read $ETH_CTRL 8)")" $SECRET
client_end root
tap_is "next open: the former owner cannot open" \
	"$(control /dev $NEXT "$uuid")" "$DENIED"
tap_is "owner: an id above 32 bits is refused" \
	"$(refusal write_owner "$uuid" 4294967296)" "Numerical result out of range"
tap_is "owner: the id -1 is refused" \
	"$(refusal write_owner "$uuid" 4294967295)" "Invalid argument"
tap_is "owner: a name is refused" \
	"$(refusal write_owner "$uuid" root)" "Invalid argument"
tap_is "user namespace: an id without mapping is refused" \
	"$(refusal unshare --user --map-root-user bash -c \
		"echo $NEXT >$(owner_attr "$uuid")")" "Invalid argument"
tap_is "user namespace: an id without mapping reads as overflow id" \
	"$(unshare --user --map-root-user cat "$(owner_attr "$uuid")")" 65534
tap_is "owner: unchanged after refusals" "$(<"$(owner_attr "$uuid")")" $FORMER
tap_is "user without privilege: cannot write the attribute" \
	"$(refusal as $FORMER bash -c "echo $FORMER >$(owner_attr "$uuid")")" "$DENIED"

# Without an owner only the nodes decide
"$VDFLCTL" give "$uuid" none >/dev/null
tap_is "give to none: the driver has no owner" "$(<"$(owner_attr "$uuid")")" none
tap_is "give to none: the nodes belong to root" \
	"$(stat -c %u "$(group_node "$uuid")")" 0
tap_is "no owner: a kept node opens the instance" \
	"$(control /tmp/group $FORMER "$uuid")" $SECRET
