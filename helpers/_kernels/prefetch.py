"""Ask the processor for an element of an array before it is needed, so that it is there when it is."""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

READ, KEEP_LONG, DATA = 0, 3, 1


@intrinsic
def prefetch(typing_context, array, index):
    """Begin to load ``array[index]`` of a C-contiguous 1D array; an index that lies outside of it does no harm."""

    def generate(context, builder, signature, arguments):
        content = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.bitcast(builder.gep(content.data, [arguments[1]]), cgutils.voidptr_t)
        call = builder.module.declare_intrinsic(
            "llvm.prefetch", [place.type], ir.FunctionType(ir.VoidType(), [place.type, *[ir.IntType(32)] * 3])
        )
        builder.call(call, [place, *(ir.Constant(ir.IntType(32), number) for number in (READ, KEEP_LONG, DATA))])
        return context.get_dummy_value()

    return types.void(array, index), generate
