/* SPDX-License-Identifier: GPL-2.0-only */
/* cmocka.h needs these four before it. */
#ifndef _CMOCKA_ENV_H
#define _CMOCKA_ENV_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif /* _CMOCKA_ENV_H */
