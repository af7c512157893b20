"""Joint training and alignment in one."""

from skxling.combine._joint_align import JointAlignCombiner

__all__ = ["JointAlignCombiner"]
