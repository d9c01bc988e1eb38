// SPDX-License-Identifier: GPL-2.0-only
/* words FILE OFFSET MAP_SIZE WORDS: run print_words() of block.c on a file */
#define main sample_main
#include "../block.c"
#undef main

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	print_words(open_rw(argv[1]), strtoull(argv[2], NULL, 0),
		    strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0));
	return 0;
}
