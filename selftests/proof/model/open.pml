/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Open and close of one instance by two users, one after the other, against an
 * operation of the PCI core, loss, unbinding, and an administrator that loads a
 * filter.
 *
 * Step of the model	Function of the driver
 *
 * open			vdfl_mdev_open_device(), vdfl_card_open()
 * prepare		vdfl_block_prepare(), block_prepare(), reset_lock()
 * access_open		vdfl_access_open()
 * access		vdfl_access_begin(), vdfl_access_end()
 * failed_reset		vdfl_mdev_reset(), block_reset()
 * close		vdfl_mdev_close_device(), vdfl_access_revoke_sync(),
 *			vdfl_block_clean(), block_clean(), vdfl_card_close()
 * admin		vdfl_filter_load(), filter_replace(); vdfl_mmap_allow() takes
 *			the same steps
 * pci_core		vdfl_card_begin_freeze(), vdfl_card_end_freeze(),
 *			vdfl_card_thaw(), vdfl_clients_revoke()
 * loss			vdfl_card_declare_lost()
 * unbind		vdfl_card_begin_release(), vdfl_mdev_remove(),
 *			vdfl_client_del(), vdfl_card_remove()
 *
 * VFIO opens a device for one user at a time, and keeps it registered while it is
 * open. A file that is open has all accesses, so that no access runs at close. The
 * work item of the client is part of the steps that wait for it: revoke.pml has it.
 *
 * run: safety
 * run: unbound
 * fault: OPEN_CLEARS_ALL safety
 * fault: REVOKE_SKIPS_CLOSED safety
 * fault: OPEN_BEFORE_PREPARE safety
 * fault: NO_PREPARE safety
 * fault: RESET_NOT_CLEARED safety
 * fault: FILTER_NOT_LOCKED safety
 * fault: OPEN_NOT_LOCKED safety
 * fault: CLOSE_FORGETS_COUNT safety
 */
#include "sync.inc"

#define RESET		1
#define CARD		2
#define GONE		4
#define CLOSED		8

#define MARK(bits)	revoked = revoked | (bits)
#define CLEAR(bits)	revoked = revoked & ~(bits)

/* struct vdfl_mdev */
byte revoked = CLOSED;
rwsem memory_lock;
byte filter;			/* number of the filter; an older one is freed */

/* struct vdfl_card */
bool reset_lock;
bool frozen;
bool gone;
bool unbinding;
byte nr_open;
bool listed = true;		/* the client is on the list */

/* struct vfio_device */
bool opened;
bool unregistered;

/* Not in the driver: what the assertions need */
bool operating;			/* the PCI core operates on the card */
bool lost;			/* the loss was handled to the end */
bool card_freed;
bool undisturbed = true;	/* neither the PCI core nor loss revoked access */
byte user_data;			/* the user that left data in the block, 0: none */

#define TOUCH		assert(!operating && !lost && !card_freed)

inline drain()
{
	DOWN_WRITE(memory_lock, skip);
	UP_WRITE(memory_lock)
}

/* The clients of the list, open or not */
inline revoke(bits)
{
	undisturbed = false;
#ifdef REVOKE_SKIPS_CLOSED
	if
	:: listed && !(revoked & CLOSED) -> MARK(bits)
	:: else
	fi;
#else
	atomic {
		if
		:: listed -> MARK(bits)
		:: else
		fi
	};
#endif
	drain()
}

inline access_open()
{
#ifdef OPEN_NOT_LOCKED
	CLEAR(CLOSED)
#elif defined(OPEN_CLEARS_ALL)
	DOWN_WRITE(memory_lock, revoked = 0);
	UP_WRITE(memory_lock)
#else
	DOWN_WRITE(memory_lock, CLEAR(CLOSED));
	UP_WRITE(memory_lock)
#endif
}

/* Ends with ok false if the card is frozen */
inline scrub(ok)
{
	LOCK(reset_lock, skip);
	if
	:: frozen -> ok = false
	:: !frozen -> atomic { assert(!operating && !card_freed); user_data = 0 };
	   ok = true
	fi;
	UNLOCK(reset_lock)
}

inline access(me)
{
	DOWN_READ(memory_lock, f = filter);
	if
	:: !revoked ->
	   atomic {
		TOUCH;
		/* no data of an earlier user, and the filter is not freed */
		assert(user_data == 0 || user_data == me);
		assert(filter == f);
		user_data = me
	   };
	   assert(filter == f)
	:: else
	fi;
	UP_READ(memory_lock)
}

inline open(ok)
{
	atomic {
		ok = !gone && !unbinding;
		nr_open = nr_open + (ok -> 1 : 0)
	};
	if
	:: ok ->
#ifndef RESET_NOT_CLEARED
	   CLEAR(RESET);
#endif
#if defined(OPEN_BEFORE_PREPARE)
	   access_open();
	   access(me);
	   scrub(ok)
#elif !defined(NO_PREPARE)
	   scrub(ok)
#else
	   skip
#endif
	   ;
	   if
	   :: ok -> access_open()
	   :: else -> nr_open--
	   fi
	:: else
	fi
}

active proctype user()
{
	byte me, f, at_open;
	bool ok;

	do
	:: me < 2 ->
	   me++;
	   if
	   :: atomic { !unregistered -> opened = true }
	   :: unregistered -> break
	   fi;
	   open(ok);
	   if
	   :: ok ->
	      /* A user has access unless the card revoked it */
	      atomic { assert(!undisturbed || !revoked); at_open = filter };
	      access(me);
	      if
	      :: MARK(RESET)		/* failed_reset */
	      :: skip
	      fi;
	      /* The filter of an open instance does not change */
	      assert(filter == at_open);
	      MARK(CLOSED);
	      drain();
	      scrub(ok);
#ifndef CLOSE_FORGETS_COUNT
	      nr_open--
#endif
	   :: else
	   fi;
	   opened = false
	:: else -> break
	od
}

active proctype admin()
{
#ifdef FILTER_NOT_LOCKED
	if
	:: revoked & CLOSED -> filter++
	:: else
	fi
#else
	DOWN_WRITE(memory_lock, skip);
	if
	:: revoked & CLOSED -> filter++
	:: else				/* EBUSY */
	fi;
	UP_WRITE(memory_lock)
#endif
}

active proctype pci_core()
{
	LOCKED(reset_lock, frozen = true);
	revoke(CARD);
	if
	:: atomic { !card_freed -> operating = true };
	   operating = false
	:: card_freed
	fi;
	LOCK(reset_lock, frozen = false);
	CLEAR(CARD);
	UNLOCK(reset_lock)
}

active proctype loss()
{
	if
	:: gone = true; revoke(GONE); lost = true
	:: skip
	fi
}

active proctype unbind()
{
	unbinding = true;
	/* vfio_unregister_group_dev() */
	atomic { !opened -> unregistered = true };
	/* vdfl_client_del() */
	listed = false;
	assert(!nr_open);
	gone = true;
	card_freed = true
}

ltl unbound { <> card_freed }
