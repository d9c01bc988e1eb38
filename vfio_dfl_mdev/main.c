// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module init and exit: the workqueue, the mdev driver and the PCI driver.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/module.h>

#include "binding.h"
#include "card/vdfl_card.h"

static int __init vdfl_init(void)
{
	int ret = vdfl_work_init();

	if (ret)
		return ret;
	ret = mdev_register_driver(&vdfl_mdev_driver);
	if (ret)
		goto err_work;
	ret = pci_register_driver(&vdfl_pci_driver);
	if (ret)
		goto err_mdev;
	return 0;

err_mdev:
	mdev_unregister_driver(&vdfl_mdev_driver);
err_work:
	vdfl_work_exit();
	return ret;
}

static void __exit vdfl_exit(void)
{
	pci_unregister_driver(&vdfl_pci_driver);
	mdev_unregister_driver(&vdfl_mdev_driver);
	vdfl_cards_wait_freed();
	vdfl_work_exit();
}

module_init(vdfl_init);
module_exit(vdfl_exit);

MODULE_AUTHOR("vfio_dfl_mdev developers");
MODULE_DESCRIPTION("VFIO mediated devices from FPGA Device Feature Lists");
MODULE_LICENSE("GPL");
#ifdef VDFL_VERSION
MODULE_VERSION(VDFL_VERSION);
#endif
