/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trapped read of a card whose link is reset without a callback of the PCI core.
 * The card then has memory decoding disabled until the driver restores its
 * configuration, and reads as all-ones.
 *
 * Step of the model	Function of the driver
 *
 * reader		vdfl_bar0_read_register(), vdfl_access_begin()
 * reader, of ones	vdfl_access_recheck(), value_is_data(), vdfl_card_answers()
 * audit		vdfl_card_absent(), absent_check(), vdfl_card_slot_reset(),
 *			card_resume_use()
 *
 * run: safety
 * run: ends
 * fault: REVOKED_BEFORE_ANSWER safety
 * fault: GENERATION_AFTER_RESTORE safety
 */
bool revoked;			/* VDFL_REVOKED_CARD */
byte generation;
bool decoding = true;
bool reading;			/* vdfl_mdev.memory_lock is held for reading */

active proctype reader()
{
	byte before;
	bool ones, answers, waits;

	do
	:: before = generation;
	   atomic { !revoked -> reading = true };
	   ones = !decoding;
	   reading = false;
	   if
	   :: !ones -> break
	   :: ones ->
	      waits = revoked;
	      answers = decoding;
#ifndef REVOKED_BEFORE_ANSWER
	      waits = waits || revoked;
#endif
	      /* Is it data? The card read as all-ones because it did not decode */
	      if
	      :: !waits && answers -> assert(before != generation)
	      :: else
	      fi
	   fi
	od
}

active proctype audit()
{
	if
	:: decoding = false;
	   revoked = true;
	   !reading;
	   decoding = true;		/* vdfl_card_slot_reset() */
#ifdef GENERATION_AFTER_RESTORE
	   revoked = false;
	   generation++
#else
	   generation++;
	   revoked = false
#endif
	:: skip
	fi
}

ltl ends { <> [] !revoked }
