// See arrays.cpp.
#pragma once

#include <nanobind/nanobind.h>

namespace tapeline::python {

void bind_arrays(nanobind::module_& module);

}  // namespace tapeline::python
