// SPDX-License-Identifier: GPL-2.0-only
/* The owner of an instance: attribute owner, and owner of the device nodes */

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "vdflctl.h"

static bool parse_uid(const char *text, uid_t *uid)
{
	__u64 number;

	if (!parse_decimal(text, &number) || number >= (uid_t)-1)
		return false;
	*uid = (uid_t)number;
	return true;
}

int owner_find(const char *name, uid_t *uid, struct fault *fault)
{
	struct passwd *user;

	if (!strcmp(name, OWNER_NONE)) {
		*uid = 0;
		return 0;
	}
	if (name[0] == '+' && parse_uid(name + 1, uid))
		return 0;
	user = getpwnam(name);
	if (user)
		*uid = user->pw_uid;
	else if (!parse_uid(name, uid))
		return fault_set(fault, "no such user: %s", name);
	return 0;
}

int owner_find_stored(const char *name, uid_t *uid, struct fault *fault)
{
	return parse_uid(name, uid) ? 0 : owner_find(name, uid, fault);
}

/**
 * struct node - device node of an instance, from sysfs
 * @path: file
 * @number: device number as "major:minor"
 */
struct node {
	char path[PATH_LEN];
	char number[NAME_LEN];
};

static int node_load(struct node *node, const char *uuid, bool cdev,
		     struct fault *fault)
{
	struct instance inst;

	if (model_instance_load(&inst, uuid, fault))
		return -1;
	if (cdev ? !inst.cdev[0] : !inst.group[0])
		return vfio_no_node(&inst, fault);
	if (cdev) {
		text_set(node->path, sizeof(node->path), "%s/vfio/devices/%s",
			 dev_root(), inst.cdev);
		sysfs_read(node->number, sizeof(node->number),
			   "bus/mdev/devices/%s/vfio-dev/%s/dev", uuid,
			   inst.cdev);
	} else {
		vfio_group_node(&inst, node->path);
		sysfs_read(node->number, sizeof(node->number),
			   "class/vfio/%s/dev", inst.group);
	}
	return 0;
}

static bool node_is_current(const struct node *node, const char *uuid,
			    bool cdev)
{
	struct fault fault;
	struct node now;

	return !node_load(&now, uuid, cdev, &fault) &&
	       !strcmp(now.path, node->path) &&
	       !strcmp(now.number, node->number);
}

static bool has_number(const struct stat *st, const char *number)
{
	char text[NAME_LEN];

	text_set(text, sizeof(text), "%u:%u", major(st->st_rdev),
		 minor(st->st_rdev));
	return S_ISCHR(st->st_mode) && !strcmp(text, number);
}

static int set_owner(int fd, const struct node *node, uid_t uid,
		     struct fault *fault)
{
	int error;

	if (!fchownat(fd, "", uid, (gid_t)-1, AT_EMPTY_PATH))
		return 0;
	error = errno;
	fault_set(fault, "cannot set the owner of %s to user id %u: %s",
		  node->path, uid, strerror(error));
	fault_denied(fault, error);
	return -1;
}

/*
 * Set the owner of the file that is open as @fd. Other tasks may remove the
 * instance and create another one at any time, so check the device number and the
 * identity of the instance of the open file first. A static node outlives the
 * instance, so check the identity again afterwards.
 */
static int give_open_node(int fd, const struct node *node, const char *uuid,
			  bool cdev, uid_t uid, struct fault *fault)
{
	struct stat st;

	if (fstat(fd, &st))
		return fault_set(fault, "%s: %s", node->path, strerror(errno));
	if (!has_number(&st, node->number)) {
		fault_set(fault, "%s is not the character device %s of sysfs",
			  node->path, node->number);
		return fault_remedy(fault, "try again after udev has settled: udevadm settle");
	}
	/* In devtmpfs, this file cannot become the node of a later instance */
	if (!node_is_current(node, uuid, cdev))
		return fault_set(fault, "%s was removed, the owner of %s is unchanged",
				 uuid, node->path);
	if (st.st_uid == uid)
		return 0;
	if (set_owner(fd, node, uid, fault))
		return -1;
	if (node_is_current(node, uuid, cdev)) {
		printf("%s: owner changed from user id %u to %u, until the instance is removed\n",
		       node->path, st.st_uid, uid);
		return 0;
	}
	if (set_owner(fd, node, st.st_uid, fault))
		return -1;
	return fault_set(fault, "%s was removed, the owner of %s is unchanged",
			 uuid, node->path);
}

static int give_node(const char *uuid, bool cdev, uid_t uid,
		     struct fault *fault)
{
	struct node node;
	int fd, ret;

	if (node_load(&node, uuid, cdev, fault))
		return -1;
	fd = open(node.path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		fault_set(fault, "%s: %s", node.path, strerror(errno));
		return fault_remedy(fault, "the VFIO modules create this node: lsmod | grep vfio");
	}
	ret = give_open_node(fd, &node, uuid, cdev, uid, fault);
	close(fd);
	return ret;
}

static int give_nodes(const struct instance *inst, uid_t uid,
		      struct fault *fault)
{
	char path[PATH_LEN];

	if ((vfio_group_node(inst, path) || !inst->cdev[0]) &&
	    give_node(inst->uuid, false, uid, fault))
		return -1;
	return inst->cdev[0] ? give_node(inst->uuid, true, uid, fault) : 0;
}

/* A driver older than the attribute does not check the user */
static int set_attr(const struct instance *inst, uid_t uid,
		    struct fault *fault)
{
	char text[NAME_LEN] = OWNER_NONE;
	int ret;

	if (uid)
		text_set(text, sizeof(text), "%u", uid);
	if (!inst->owner[0] || !strcmp(inst->owner, text))
		return 0;
	ret = sysfs_write(text, "bus/mdev/devices/%s/dfl/owner", inst->uuid);
	return ret ? fault_kernel(fault, -ret,
				  "cannot set the owner of %s to user id %u",
				  inst->uuid, uid) : 0;
}

/*
 * The driver refuses the former user before the new user gets the nodes, and
 * checks until root has the nodes back.
 */
int owner_set(const char *uuid, uid_t uid, struct fault *fault)
{
	struct instance inst;

	if (model_instance_load(&inst, uuid, fault))
		return -1;
	if (!uid)
		return give_nodes(&inst, uid, fault) ||
		       set_attr(&inst, uid, fault) ? -1 : 0;
	return set_attr(&inst, uid, fault) || give_nodes(&inst, uid, fault) ?
	       -1 : 0;
}
