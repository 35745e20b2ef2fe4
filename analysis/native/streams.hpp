// See streams.cpp.
#pragma once

#include <nanobind/nanobind.h>

namespace tapeline::python {

void bind_streams(nanobind::module_& module);

}  // namespace tapeline::python
