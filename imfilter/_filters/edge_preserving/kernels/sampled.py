"""The loops over samples for one level of a sampled bilateral filter.

A step reads and writes each sample once. Between both steps come Gaussians, which take most of the time.
"""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined, kernel
from imfilter._simd.lanewise import absolute, fma, power_of_two, where
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, peek, record, size_of, splat, store

#: The number of samples, rounded up to vectors. Addresses: their distances to the level; how much they
#: count, or 0; a list of addresses of the channels of the image. `own`: whether the image is the guide. The
#: planes of weights and weighted samples, and their distance in bytes; sums of the same, and their distance.
#: `reach`: largest distance that counts. `slope`: binary logarithm of weights by squared distances.
SAMPLED_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in (
                *("count", "distances", "counts", "images", "n_images", "own"),
                *("planes", "plane", "sums", "sum", "kernel"),
            )
        ),
        ("reach", np.float64),
        ("slope", np.float64),
    ]
)


@inlined
def _weight(real, job, distance):
    """Return the weights of distances: 0 from `reach` on, and NaN for NaN."""
    slope, reach = splat(real, real.type(job.slope)), splat(real, real.type(job.reach))
    weight = power_of_two(-(distance * distance) * slope)
    return where(absolute(distance) > reach, 0.0, weight)


@kernel("real", "source")
def weigh(real, source, job_at):
    """Write the weights of samples, and the weighted samples: distances, if the image is its own guide."""
    job = record(SAMPLED_JOB, job_at)
    size = size_of(real)
    for i in range(0, job.count, BYTES // size):
        place, at = size * i, size_of(source) * i
        distance = load(real, job.distances + place, real)
        weight = _weight(real, job, distance)
        if job.counts:
            count = load(real, job.counts + at, source)
            weight = where(count > 0, weight * count, 0.0)
        store(job.planes + place, real, weight)
        if job.own:
            store(job.planes + job.plane + place, real, weight * distance)
        else:
            for j in range(job.n_images):
                value = weight * load(real, peek(job.images + 8 * j) + at, source)
                store(job.planes + job.plane * (j + 1) + place, real, value)


@kernel("real", "source")
def collect(real, source, job_at):
    """Add a level to the sums of weights and of weighted samples: differences from the guide, if own."""
    job = record(SAMPLED_JOB, job_at)
    size = size_of(real)
    for i in range(0, job.count, BYTES // size):
        place = size * i
        distance = load(real, job.distances + place, real)
        weight, near = _weight(real, job, distance), load(real, job.planes + place, real)
        store(job.sums + place, real, fma(weight, near, load(real, job.sums + place, real)))
        for j in range(job.n_images):
            value = load(real, job.planes + job.plane * (j + 1) + place, real)
            if job.own:
                value = fma(-distance, near, value)
            to = job.sums + job.sum * (j + 1) + place
            store(to, real, fma(weight, value, load(real, to, real)))


@Driver
@denormals_as_zeros
def run_level(job_at):
    """Run the kernel of a job."""
    invoke(2, record(SAMPLED_JOB, job_at).kernel, (job_at,))
