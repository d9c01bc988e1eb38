/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts of a card with two clients: arming and disarming against interrupts,
 * suspend and resume of delivery, and loss of the card. One of INTX, POLL and
 * MSIX selects the source.
 *
 * Step of the model	Function of the driver
 *
 * set_vector		vmsix_set_vector(), vmsix_replace()
 * arm			vdfl_irq_arm(), irq_arm(), source_start(), client_add()
 * disarm		vdfl_irq_disarm(), irq_disarm(), client_del(),
 *			source_stop(), vdfl_irq_forget()
 * stop_all		vdfl_irq_suspend(), irq_stop_all()
 * start_all		vdfl_irq_resume(), irq_start_all(); fails at most once
 * signal_all		vdfl_irq_signal_all()
 * note			vdfl_irq_note(), irq_client_notify_quick(),
 *			irq_signal_quick()
 * worker		client_signal(), irq_client_notify(), irq_signal()
 * pin, holdoff		intx_handler(), intx_mask(), intx_start_holdoff();
 *			intx_holdoff_over(), intx_unmask()
 * poller		poll_task(), poll_pass(), poll_words(), poll_read(),
 *			poll_fire()
 * messages		src_msix_handler(), irq_client_message(),
 *			vmsix_signal_missed()
 * source_on		intx_start(), poll_start(), src_msix_start()
 * source_off		intx_stop(), poll_stop(), src_msix_stop()
 * client_on, _off	src_msix_client_on(), src_msix_client_off(),
 *			poll_client_on()
 * freeze_and_thaw	vdfl_card_freeze(), card_resume_use(), audit_running()
 * lose			vdfl_card_declare_lost()
 *
 * A section under vdfl_card_irq.lock or vdfl_mdev.irq_lock is one step. A user
 * clears the cause of a level when it is signalled. Left out: lines that do not go
 * quiet, bits that stay pending, and the time for which a client is deferred.
 *
 * run: INTX safety
 * run: INTX RAISED=2 none_lost
 * run: POLL safety
 * run: POLL RAISED=2 none_lost
 * run: MSIX safety
 * run: MSIX RAISED=2 none_lost
 * fault: INTX TIMER_BEFORE_IRQ safety
 * fault: INTX RAISED=2 NO_HOLDOFF none_lost
 * fault: INTX PIN_NOT_MASKED_AT_STOP safety
 * fault: POLL TASK_NOT_AWAITED safety
 * fault: POLL STOP_BEFORE_DEL safety
 * fault: POLL NOTE_NOT_QUEUED none_lost
 * fault: MSIX SIGNAL_ALL_FIRST none_lost
 * fault: MSIX MISSED_DROPPED none_lost
 * fault: MSIX IRQ_NOT_AWAITED safety
 * fault: MSIX ARM_IGNORES_LOSS safety
 * fault: INTX FORGET_DOES_NOT_WAIT safety
 * fault: INTX VECTOR_NOT_CHECKED safety
 */
#include "sync.inc"

#ifndef RAISED
#define RAISED 1
#endif

/* struct vdfl_mdev and struct vdfl_irq_client */
bool vector;			/* of client 0: an eventfd is set, and listening */
bool listed[2];
bool noted;
bool queued;			/* the work item that signals */
bool missed;			/* of client 0 */

/* struct vdfl_card_irq and its sources */
bool mutex;
bool running;
bool suspended;
bool gone;
bool requested[2];		/* interrupts; intx and poll use the first */
bool handling[2];
#ifdef INTX
bool masked = true;
bool held;
bool timer;
bool expiring;
#endif

/* The card: levels of intx and poll, messages of msix */
bool cause;

/* Not in the driver: what the assertions need */
bool callable;			/* client 0 may be called */
bool notifying;
bool armed;			/* vdfl_irq_arm() has returned */
bool unheard;			/* a message arrived while the vector was clear */
bool operating;			/* the PCI core operates on the card */
bool due;			/* client 0 has an interrupt to be told of */

#define LISTED		(listed[0] || listed[1])

inline signal()
{
	assert(vector && callable);
	due = false;
#ifndef MSIX
	cause = false
#endif
}

/* In a section under vdfl_card_irq.lock */
inline note()
{
	if
	:: listed[0] && vector -> signal()		/* quick */
	:: listed[0] && vector ->
	   noted = true;
#ifndef NOTE_NOT_QUEUED
	   queued = true
#endif
	:: else
	fi
}

inline signal_all()
{
	atomic { note() }
}

/* --- the sources ----------------------------------------------------------- */

#if defined(INTX)
#define PIN	cause

active proctype pin()
{
end:	do
	:: atomic { requested[0] && PIN && !masked -> handling[0] = true };
	   atomic {
		assert(!operating);
		if
		:: running && PIN && !held ->
		   masked = true;
		   held = true;
		   note()
		:: else
		fi
	   };
#ifndef NO_HOLDOFF
	   if
	   :: held -> timer = true
	   :: else
	   fi;
#endif
	   handling[0] = false
	od
}

active proctype holdoff()
{
end:	do
	:: atomic { timer -> timer = false; expiring = true };
	   atomic {
		if
		:: running && PIN ->
		   assert(!operating);
		   note();
		   timer = true
		:: running && !PIN -> held = false; masked = false
		:: else
		fi
	   };
	   expiring = false
	od
}

inline source_on()
{
	atomic { held = false; running = true; masked = true };
	requested[0] = true;
	masked = false
}

inline timer_cancel()
{
	atomic { !expiring -> timer = false }
}

inline source_off()
{
#ifdef PIN_NOT_MASKED_AT_STOP
	running = false;
#else
	atomic { running = false; masked = true };
#endif
#ifdef TIMER_BEFORE_IRQ
	timer_cancel();
	atomic { requested[0] = false };
	!handling[0]
#else
	requested[0] = false;
	!handling[0];
	timer_cancel()
#endif
}

#define SOURCE_STOPPED	(!requested[0] && !handling[0] && !timer && !expiring && masked)

#elif defined(POLL)

active proctype poller()
{
	bool found;
end:	do
	:: atomic { requested[0] -> handling[0] = true };
	   do
	   :: requested[0] ->
	      atomic { assert(!operating); found = cause };
	      atomic {
		if
		:: found -> note(); found = false
		:: else
		fi
	      }
	   :: else -> break
	   od;
	   handling[0] = false
	od
}

inline source_on()
{
	running = true;
	requested[0] = true
}

inline source_off()
{
	running = false;
	requested[0] = false;
#ifdef TASK_NOT_AWAITED
	skip
#else
	!handling[0]
#endif
}

#define SOURCE_STOPPED	(!requested[0] && !handling[0])

#else /* MSIX */

active proctype messages()
{
end:	do
	:: atomic { cause && requested[0] && running -> cause = false; handling[0] = true };
	   atomic {
		assert(callable && !operating);
		if
		:: vector -> signal()
#ifndef MISSED_DROPPED
		:: else -> missed = true
#else
		:: else
#endif
		fi
	   };
	   handling[0] = false
	od
}

inline source_on()
{
	running = true
}

inline source_off()
{
	running = false
}

#define SOURCE_STOPPED	(!requested[0] && !requested[1] && !handling[0] && !handling[1])
#endif

inline client_on(i)
{
#ifdef MSIX
	if
	:: running -> requested[i] = true
	:: else
	fi
#else
	skip
#endif
}

inline client_off(i)
{
#ifdef MSIX
	/* A message on its way is lost */
	atomic { requested[i] = false; cause = cause && i; unheard = unheard && i };
#ifdef IRQ_NOT_AWAITED
	skip
#else
	!handling[i]
#endif
#else
	skip
#endif
}

inline source_start(ok)
{
	if
#ifndef ARM_IGNORES_LOSS
	:: gone -> ok = false
	:: !gone && (running || suspended) -> ok = true
	:: !gone && !running && !suspended -> source_on(); ok = true
#else
	:: running -> ok = true
	:: !running -> source_on(); ok = true
#endif
	fi
}

inline source_stop()
{
	if
	:: running -> source_off()
	:: else
	fi;
	assert(!running && SOURCE_STOPPED)
}

/* --- clients --------------------------------------------------------------- */

inline arm(i)
{
	LOCK(mutex, skip);
	source_start(ok);
	if
	:: ok -> listed[i] = true; client_on(i)
	:: else
	fi;
	UNLOCK(mutex)
}

inline disarm(i)
{
	LOCK(mutex, skip);
#ifdef STOP_BEFORE_DEL
	if
	:: listed[1 - i] || !running
	:: else -> listed[i] = false
	fi;
#else
	listed[i] = false;
	client_off(i);
	if
	:: !LISTED -> source_stop()
	:: else
	fi;
#endif
	assert(LISTED || !running);
	UNLOCK(mutex)
}

/* vdfl_irq_forget(), with cancel_delayed_work_sync() */
inline forget()
{
#ifdef FORGET_DOES_NOT_WAIT
	queued = false;
#else
	atomic { !notifying -> queued = false };
#endif
	atomic { noted = false; callable = false }
}

inline set_vector()
{
	atomic {
		vector = true;
		due = unheard && !gone;
		unheard = false;
		if
		:: missed -> missed = false; signal()
		:: else
		fi
	}
}

inline clear_vector()
{
	atomic { vector = false; due = false }
}

active proctype worker()
{
	bool listening;
end:	do
	:: atomic { queued -> queued = false; notifying = true };
	   atomic { listening = noted && vector; noted = false };
	   assert(callable);
	   if
#ifdef VECTOR_NOT_CHECKED
	   :: listening -> signal()
#else
	   :: atomic { listening && vector -> signal() }
#endif
	   :: else
	   fi;
	   atomic { listening = false; notifying = false }
	od
}

/*
 * A second vector of client 0, which is not modelled, stays set while the first one
 * is cleared and set again. So the client stays armed.
 */
active proctype user()
{
	bool ok;

	atomic { callable = true; vector = true };
	arm(0);
	if
	:: ok ->
	   armed = true;
	   if
	   :: clear_vector(); set_vector()
	   :: skip
	   fi;
	   if
	   :: armed = false; clear_vector(); disarm(0); forget(); missed = false
	   :: skip			/* stays armed */
	   fi
	:: else -> clear_vector(); forget()
	fi
}

/* It makes the source run, and stop. */
active proctype other_user()
{
	bool ok;

	arm(1);
	if
	:: ok -> disarm(1)
	:: else
	fi
}

/* --- the card -------------------------------------------------------------- */

/* An interrupt is due if the client is armed with its vector set. */
active proctype device()
{
	byte raised;

	do
	:: raised < RAISED ->
	   atomic {
		raised++;
#ifdef MSIX
		cause = requested[0] && running;
		unheard = cause && armed && !vector;
#else
		cause = true;
#endif
		due = armed && vector && !gone
	   }
	:: break
	od
}

inline stop_all()
{
	LOCK(mutex, suspended = true);
	client_off(0);
	client_off(1);
	source_stop();
	UNLOCK(mutex)
}

inline start_all(ok)
{
	LOCK(mutex, suspended = false);
	ok = true;
	if
	:: LISTED ->
	   source_start(ok);
	   if
	   :: ok && listed[0] -> client_on(0)
	   :: else
	   fi;
	   if
	   :: ok && listed[1] -> client_on(1)
	   :: else
	   fi
	:: else
	fi;
	UNLOCK(mutex)
}

inline freeze_and_thaw()
{
	stop_all();
	operating = true;
	operating = false;
	if
	:: stop_all()			/* the start failed: the audit repeats it */
	:: skip
	fi;
#ifdef SIGNAL_ALL_FIRST
	signal_all();
	start_all(ok)
#else
	start_all(ok);
	signal_all()
#endif
}

inline lose()
{
	atomic { gone = true; due = false };
	stop_all();
	operating = true
}

active proctype disturb()
{
	bool ok;

	if
	:: freeze_and_thaw()
	:: lose()
	fi
}

ltl none_lost { [] (due -> <> !due) }
