// SPDX-License-Identifier: GPL-2.0-only
/* Tables with aligned columns */

#include <err.h>
#include <stdarg.h>
#include <string.h>

#include "vdflctl.h"

void table_start(struct table *table, size_t columns)
{
	*table = (struct table){ .columns = columns };
}

void table_row(struct table *table, ...)
{
	size_t used = table->rows++ * table->columns;
	size_t i;
	va_list ap;

	table->cell = reallocarray(table->cell, used + table->columns,
				   sizeof(*table->cell));
	if (!table->cell)
		err(EXIT_FAILURE, "table");
	va_start(ap, table);
	for (i = 0; i < table->columns; i++) {
		table->cell[used + i] = strdup(va_arg(ap, const char *));
		if (!table->cell[used + i])
			err(EXIT_FAILURE, "table");
	}
	va_end(ap);
}

static int column_width(const struct table *table, size_t column)
{
	size_t width = 0;
	size_t row, len;

	for (row = 0; row < table->rows; row++) {
		len = strlen(table->cell[row * table->columns + column]);
		if (len > width)
			width = len;
	}
	return (int)width;
}

void table_print(struct table *table, int indent)
{
	int width[TABLE_COLUMNS];
	size_t row, col;
	char *text;

	for (col = 0; col < table->columns; col++)
		width[col] = column_width(table, col);
	for (row = 0; row < table->rows; row++) {
		printf("%*s", indent, "");
		for (col = 0; col < table->columns; col++) {
			text = table->cell[row * table->columns + col];
			/* no padding after the last column */
			if (col + 1 < table->columns)
				printf("%-*s  ", width[col], text);
			else
				printf("%s\n", text);
			free(text);
		}
	}
	free(table->cell);
}
