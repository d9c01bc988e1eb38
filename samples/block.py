#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Use an instance, with the standard library only; see block.c.

Usage: block.py UUID WORDS SECONDS
"""
import collections
import fcntl
import glob
import mmap
import os
import select
import struct
import sys

# linux/vfio.h
GET_INFO, GET_REGION_INFO, SET_IRQS = 0x3b6b, 0x3b6c, 0x3b6e
SET_CONTAINER, SET_IOMMU, GET_DEVICE_FD = 0x3b68, 0x3b66, 0x3b6a
BIND_IOMMUFD = 0x3b76
TYPE1V2_IOMMU = 3
CAP_TYPE = 2
BAR0_INDEX = 0
PCI_REGIONS = 9
MSIX_INDEX = 2
DATA_EVENTFD, ACTION_TRIGGER = 1 << 2, 1 << 5

# linux/vfio_dfl_mdev.h
REGION_TYPE = (0x80000000 | 0x8086, 0x43)
Block = collections.namedtuple("Block", """
    argsz flags kind feature_id revision dfh_version dfh guid
    parent port bar irq_source offset size csr_offset csr_size map_size
    fences scrub vectors param_offset param_size reserved
    generation reserved2""")
BLOCK = struct.Struct("=6IQ16s4I5Q8I")


def ioctl(fd, request, *values, layout=""):
    """Pass a structure, return the structure that the kernel wrote."""
    arg = bytearray(struct.pack("=" + layout, *values))
    fcntl.ioctl(fd, request, arg)
    return arg


def node(uuid, pattern):
    """Last component of the target of a link in the directory of the instance."""
    found = glob.glob(f"/sys/bus/mdev/devices/{uuid}/{pattern}")
    if not found:
        sys.exit(f"{uuid}: no {pattern}")
    return os.path.basename(os.path.realpath(found[0]))


def open_instance(uuid):
    """Open by character device if it exists, else by group."""
    cdev = "/dev/vfio/devices/" + node(uuid, "vfio-dev/vfio*")
    if os.path.exists(cdev):
        device = os.open(cdev, os.O_RDWR)
        iommu = os.open("/dev/iommu", os.O_RDWR)
        ioctl(device, BIND_IOMMUFD, 16, 0, iommu, 0, layout="IIiI")
        return device
    container = os.open("/dev/vfio/vfio", os.O_RDWR)
    group = os.open("/dev/vfio/" + node(uuid, "iommu_group"), os.O_RDWR)
    ioctl(group, SET_CONTAINER, container, layout="i")
    fcntl.ioctl(container, SET_IOMMU, TYPE1V2_IOMMU)
    return fcntl.ioctl(group, GET_DEVICE_FD, bytearray(uuid.encode() + b"\0"))


def region_type(device, index):
    """Return the offset of a region, and its type or None."""
    info = ioctl(device, GET_REGION_INFO, 4096, 0, index, 0, 0, 0, bytes(4064),
                 layout="IIIIQQ4064s")
    cap, _, offset = struct.unpack_from("=IQQ", info, 12)
    while cap:
        ident, _, following = struct.unpack_from("=HHI", info, cap)
        if ident == CAP_TYPE:
            return offset, struct.unpack_from("=II", info, cap + 8)
        cap = following
    return offset, None


def describe(device):
    """Find and read the description region, after the PCI regions."""
    regions = struct.unpack("=IIIIII", ioctl(
        device, GET_INFO, 24, 0, 0, 0, 0, 0, layout="IIIIII"))[2]
    for index in range(PCI_REGIONS, regions):
        offset, kind = region_type(device, index)
        if kind == REGION_TYPE:
            return Block._make(BLOCK.unpack(os.pread(device, BLOCK.size, offset)))
    sys.exit("no description region: not an instance of vfio_dfl_mdev")


def print_words(device, offset, map_size, words):
    """Print registers; offset is that of region 0, which is the block."""
    if map_size >= 8 * words:
        with mmap.mmap(device, map_size, mmap.MAP_SHARED, mmap.PROT_READ,
                       offset=offset) as area:
            with memoryview(area) as view, view.cast("Q") as regs:
                for i in range(words):
                    print(f"mapped 0x{8 * i:x} 0x{regs[i]:016x}")
        return
    for i in range(words):
        data = os.pread(device, 8, offset + 8 * i)
        if len(data) != 8:
            sys.exit(f"short read at 0x{8 * i:x}")
        print(f"pread 0x{8 * i:x} 0x{int.from_bytes(data, 'little'):016x}")


def wait_irq(device, seconds):
    """Wait for the first vector."""
    event = os.eventfd(0)
    ioctl(device, SET_IRQS, 24, DATA_EVENTFD | ACTION_TRIGGER, MSIX_INDEX, 0, 1,
          event, layout="IIIIIi")
    print("waiting", flush=True)
    return select.select([event], [], [], seconds)[0]


def main():
    """Print description and registers, then wait for an interrupt."""
    if len(sys.argv) != 4:
        sys.exit("usage: block.py UUID WORDS SECONDS")
    device = open_instance(sys.argv[1])
    block = describe(device)
    print(f"BAR {block.bar} offset 0x{block.offset:x} size 0x{block.size:x}"
          f" mappable 0x{block.map_size:x}")
    print(f"feature 0x{block.feature_id:x} guid {block.guid.hex()}")
    print(f"vectors {block.vectors} source {block.irq_source}")
    offset, _ = region_type(device, BAR0_INDEX)
    print_words(device, offset, block.map_size, int(sys.argv[2]))
    if block.vectors:
        print("interrupt" if wait_irq(device, int(sys.argv[3])) else "timeout")


if __name__ == "__main__":
    main()
